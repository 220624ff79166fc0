import type { Metadata } from 'next'
import { canMail } from '#lib/auth/mail.ts'
import { TextLink } from '../forms/text-link.tsx'
import { Entrance } from '../ui/entrance.tsx'
import { Notice } from '../ui/notice.tsx'
import { ForgotForm } from './forgot-form.tsx'

export const metadata: Metadata = { title: 'Forgotten password' }

export default function ForgotPasswordPage() {
  return (
    <Entrance title="Forgotten your password?" below={<TextLink href="/sign-in">Back to sign in</TextLink>}>
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
