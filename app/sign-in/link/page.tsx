import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { MailLinkForm } from './mail-link-form.tsx'

export const generateMetadata = makeTitle('Sign in')

/**
 * The target of a mailed sign-in link. Only its button uses the link up, so that mail scanners can
 * open it safely.
 */
export default async function MailLinkPage() {
  const t = await readTranslate()
  return (
    <Entrance title={t('Sign in')} hint={t('You opened the link that we mailed to you.')}>
      <MailLinkForm />
    </Entrance>
  )
}
