import { TextLink } from '#app/forms/text-link.tsx'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { canMail } from '#lib/auth/mail/send-mail.ts'
import { ForgotForm } from './forgot-form.tsx'

export const generateMetadata = makeTitle('Forgot your password')

export default async function ForgotPasswordPage() {
  const t = await readTranslate()
  return (
    <Entrance title={t('Forgot your password?')} below={<TextLink href="/sign-in">{t('Back to sign in')}</TextLink>}>
      {canMail() ? (
        <ForgotForm />
      ) : (
        <Notice title={t('Ask your administrator')}>
          <p>{t('This server sends no mail. Whoever runs it can reset your password on the machine:')}</p>
          <p className="mt-1">
            <code className="font-mono">npm run reset-password</code>
          </p>
        </Notice>
      )}
    </Entrance>
  )
}
