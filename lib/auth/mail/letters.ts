import type { Letter } from '#lib/auth/mail/send-mail.ts'
import { env } from '#lib/platform/env.ts'

// Codes go into the fragment, which browsers do not send to servers and logs do not record.
const link = (path: string, code?: string) => `${env().APP_URL}${path}${code ? `#${code}` : ''}`

const letter = (subject: string, ...paragraphs: string[]): Letter => ({ subject, text: `${paragraphs.join('\n\n')}\n` })

export const writeResetLetter = (code: string): Letter =>
  letter(
    'Reset your Switchboard password',
    'Open this link to choose a new password:',
    link('/reset-password', code),
    'It works once and for one hour. If you did not ask for it, ignore this mail: nothing has changed.',
  )

export const writeVerifyLetter = (code: string): Letter =>
  letter(
    'Verify your address for Switchboard',
    'Open this link to show that this address is yours:',
    link('/verify-email', code),
    'It works once and for one day. If you did not make an account, ignore this mail.',
  )

export const writeSignInLetter = (code: string): Letter =>
  letter(
    'Your sign-in link for Switchboard',
    'Open this link to sign in:',
    link('/sign-in/link', code),
    'It works once and for 15 minutes. If you did not ask for it, ignore this mail: nobody has signed in.',
  )

/**
 * For somebody who signs up with an address that already has an account. Only the mailbox learns of
 * it.
 */
export const writeKnownAddressLetter = (): Letter =>
  letter(
    'You have a Switchboard account already',
    'Somebody, probably you, tried to make an account with this address. There is one already: sign in here.',
    link('/sign-in'),
    `Forgot your password? ${link('/forgot-password')}`,
    'If it was not you, ignore this mail: nothing has changed.',
  )

/** For somebody who asks for a sign-in link, but whose account's address was never proven. */
export const writeUnprovenLetter = (): Letter =>
  letter(
    'Sign in to Switchboard',
    'You asked for a sign-in link. The account with this address has never proven that the address is its own, so a link cannot open it. Choose a new password instead, which proves it:',
    link('/forgot-password'),
    'If you did not ask for it, ignore this mail: nobody has signed in.',
  )
