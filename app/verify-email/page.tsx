import { headers } from 'next/headers'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { VerifyForm } from './verify-form.tsx'

export const generateMetadata = makeTitle('Verify your address')

export default async function VerifyEmailPage() {
  const t = await readTranslate()
  const signedIn = (await findCaller(await headers())) !== null
  return (
    <Entrance
      title={t('Verify your address')}
      hint={
        <>
          {!signedIn && `${t('Enter the password that you chose, so that we know it was you.')} `}
          {t(
            'The first time, everything else that was made for this account ends: tokens, authorized apps, connected accounts and other sessions.',
          )}
        </>
      }
    >
      <VerifyForm signedIn={signedIn} />
    </Entrance>
  )
}
