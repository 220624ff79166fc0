import type { Letter } from '#lib/auth/mail/send-mail.ts'
import type { Account } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { findLanguage } from '#lib/platform/language/languages.ts'
import { loadTranslate } from '#lib/platform/language/load-translate.ts'
import { findRequestLanguage } from '#lib/platform/language/request-language.ts'
import type { Translate } from '#lib/platform/language/translate.ts'

// Codes go into the fragment, which browsers do not send to servers and logs do not record.
const link = (path: string, code?: string) => `${env().APP_URL}${path}${code ? `#${code}` : ''}`

const letter = (subject: string, ...paragraphs: string[]): Letter => ({ subject, text: `${paragraphs.join('\n\n')}\n` })

export const writeResetLetter = (code: string, t: Translate): Letter =>
  letter(
    t('Reset your Switchboard password'),
    t('Open this link to choose a new password:'),
    link('/reset-password', code),
    t('It works once and for one hour. If you did not ask for it, ignore this mail: nothing has changed.'),
  )

export const writeVerifyLetter = (code: string, t: Translate): Letter =>
  letter(
    t('Verify your address for Switchboard'),
    t('Open this link to show that this address is yours:'),
    link('/verify-email', code),
    t('It works once and for one day. If you did not make an account, ignore this mail.'),
  )

export const writeSignInLetter = (code: string, t: Translate): Letter =>
  letter(
    t('Your sign-in link for Switchboard'),
    t('Open this link to sign in:'),
    link('/sign-in/link', code),
    t('It works once and for 15 minutes. If you did not ask for it, ignore this mail: nobody has signed in.'),
  )

/**
 * For somebody who signs up with an address that already has an account. Only the mailbox learns of
 * it.
 */
export const writeKnownAddressLetter = (t: Translate): Letter =>
  letter(
    t('You have a Switchboard account already'),
    t('Somebody, probably you, tried to make an account with this address. There is one already: sign in here.'),
    link('/sign-in'),
    t('Forgot your password? {link}', { link: link('/forgot-password') }),
    t('If it was not you, ignore this mail: nothing has changed.'),
  )

/** For somebody who asks for a sign-in link, but whose account's address was never proven. */
export const writeUnprovenLetter = (t: Translate): Letter =>
  letter(
    t('Sign in to Switchboard'),
    t(
      'You asked for a sign-in link. The account with this address has never proven that the address is its own, so a link cannot open it. Choose a new password instead, which proves it:',
    ),
    link('/forgot-password'),
    t('If you did not ask for it, ignore this mail: nobody has signed in.'),
  )

/**
 * The translations for a letter: in the language of the account, else in that of the request that
 * asks for it.
 */
export function translateFor(account: Pick<Account, 'language' | 'locale'> | null, headers?: Headers) {
  const own = findLanguage(account?.language ?? account?.locale)
  return loadTranslate(own ?? (headers ? findRequestLanguage(headers) : 'en'))
}
