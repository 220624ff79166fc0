import type { Metadata } from 'next'
import { TextLink } from '#app/forms/text-link.tsx'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { canMail } from '#lib/auth/mail/send-mail.ts'
import { ForgotForm } from './forgot-form.tsx'

export const metadata: Metadata = { title: 'Forgot your password' }

export default function ForgotPasswordPage() {
  return (
    <Entrance title="Forgot your password?" below={<TextLink href="/sign-in">Back to sign in</TextLink>}>
      {canMail() ? (
        <ForgotForm />
      ) : (
        <Notice title="Ask your administrator">
          <p>This server sends no mail. Whoever runs it can reset your password on the machine:</p>
          <p className="mt-1">
            <code className="font-mono">npm run reset-password</code>
          </p>
        </Notice>
      )}
    </Entrance>
  )
}
