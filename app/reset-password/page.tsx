import { TextLink } from '#app/forms/text-link.tsx'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { ResetForm } from './reset-form.tsx'

export const generateMetadata = makeTitle('New password')

export default async function ResetPasswordPage() {
  const t = await readTranslate()
  return (
    <Entrance
      title={t('Choose a new password')}
      hint={t('All your sessions end; you sign in with the new password.')}
      below={<TextLink href="/sign-in">{t('Back to sign in')}</TextLink>}
    >
      <ResetForm />
    </Entrance>
  )
}
