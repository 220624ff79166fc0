import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { findPageSession, requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { listSessions } from '#lib/data/people/person-sessions.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { PasswordForm } from './password-form.tsx'
import { SessionList } from './session-list.tsx'

export const generateMetadata = makeTitle('Security')

/** The person's password, and where they are signed in. */
export default async function SecurityPage() {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const [account, sessions, session] = await Promise.all([
    requireAccount(caller),
    listSessions(caller),
    findPageSession(),
  ])
  const hasPassword = account.passwordHash !== null
  return (
    <div className="max-w-3xl">
      <PageHeader title={t('Security')} hint={t('Where you are signed in, and your password.')} />
      <div className="grid gap-5">
        <SessionList
          sessions={sessions.map(({ signedInAt, lastUsedAt, ...shown }) => ({
            ...shown,
            isThis: shown.id === session?.id,
            signedInAt: signedInAt.toISOString(),
            lastUsedAt: lastUsedAt.toISOString(),
          }))}
        />
        <Card
          title={t('Password')}
          hint={
            hasPassword
              ? t(
                  'A change signs you out on every other device, removes every authorized app and stops running answers.',
                )
              : t('You sign in without a password. You can add one as a second way.')
          }
        >
          <PasswordForm hasPassword={hasPassword} email={account.email} />
        </Card>
      </div>
    </div>
  )
}
