import { redirect } from 'next/navigation'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { ProviderButtons } from '#app/sign-in/provider-buttons.tsx'
import { AccountForm } from '#app/sign-up/account-form.tsx'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { listFederatedProviders } from '#lib/auth/sign-in/providers.ts'
import { needsSetupCode } from '#lib/auth/sign-in/setup-code.ts'
import { hasAnyAccount } from '#lib/data/people/users.ts'

export const generateMetadata = makeTitle('Welcome')

/** The first visit: creates the admin's account. Nobody can use the server before that. */
export default async function SetUpPage() {
  const t = await readTranslate()
  if (await hasAnyAccount()) redirect('/sign-in')
  const needsCode = needsSetupCode()
  return (
    <Entrance
      title={t('Welcome to Switchboard')}
      hint={t('Make the first account. It is the admin of this server and can let others in.')}
    >
      <AccountForm first needsCode={needsCode} />
      {!needsCode && <ProviderButtons providers={listFederatedProviders()} path="/chat" />}
    </Entrance>
  )
}
