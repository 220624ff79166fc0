import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { canMail } from '#lib/auth/mail/send-mail.ts'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { readOwnWords } from '#lib/data/people/own-words.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { listLanguages } from '#lib/platform/language/languages.ts'
import { OwnWordsForm } from './own-words-form.tsx'
import { ProfileForm } from './profile-form.tsx'

export const generateMetadata = makeTitle('Profile')

/** Who the person is, to this server and to assistants. */
export default async function ProfilePage() {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const [account, words] = await Promise.all([requireAccount(caller), readOwnWords(caller)])
  return (
    <div className="max-w-3xl">
      <PageHeader
        title={t('Profile')}
        hint={t('The assistant knows you by this name and counts days in this time zone.')}
      />
      <div className="grid gap-5">
        <Card>
          <ProfileForm
            name={account.name}
            email={account.email}
            verified={account.emailVerifiedAt !== null}
            canVerify={canMail()}
            timeZone={account.timeZone}
            timeZones={Intl.supportedValuesOf('timeZone')}
            language={account.language}
            languages={listLanguages()}
          />
        </Card>
        <Card
          title={t('What assistants should know')}
          hint={t('Your own words for every assistant, sent to its model with each message. Nobody else sees them.')}
        >
          <OwnWordsForm words={words} />
        </Card>
      </div>
    </div>
  )
}
