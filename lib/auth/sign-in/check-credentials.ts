import { consumeClient, readClientAddress } from '#lib/auth/limits/client-limit.ts'
import { consumeLimit, type Limit, resetLimit } from '#lib/auth/limits/rate-limit.ts'
import { canMail } from '#lib/auth/mail/send-mail.ts'
import { isPasswordCorrect } from '#lib/auth/passwords/passwords.ts'
import { findKnownDevice } from '#lib/auth/sessions/known-device.ts'
import { EmailAddress } from '#lib/auth/sign-in/parse-fields.ts'
import { SignInRefused } from '#lib/auth/sign-in/sign-in-refused.ts'
import { mustVerify } from '#lib/auth/sign-in/sign-up-rules.ts'
import { sendVerification } from '#lib/auth/sign-in/verification.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { type Account, findAccountByEmail } from '#lib/data/people/users.ts'
import { runAfterResponse } from '#lib/platform/process/run-after-response.ts'

const PER_NETWORK = { name: 'sign-in', points: 10, seconds: 900 }
const PER_DEVICE = { name: 'sign-in-device', points: 10, seconds: 900 }
const PER_ADDRESS = { name: 'sign-in-address', points: 60, seconds: 3_600 }
const PER_CLIENT = { name: 'sign-in-client', points: 100, seconds: 900 }

/**
 * Returns the account of an address and its password. A wrong password and an unknown address get
 * the same answer after the same time. Throws SignInRefused for every reason that the person should
 * read, AppError limited after too many tries.
 */
export async function checkCredentials(
  given: { email?: unknown; password?: unknown },
  headers: Headers,
): Promise<Account> {
  const email = EmailAddress.safeParse(given.email)
  const password = typeof given.password === 'string' ? given.password : ''
  if (!email.success || password === '') throw new SignInRefused('CredentialsSignin')
  await consumeClient(PER_CLIENT, headers)
  const tries = await countTry(email.data, headers)
  const account = await findAccountByEmail(email.data)
  const matches = await isPasswordCorrect(account?.passwordHash, password)
  if (!account || !matches) {
    // A mistyped address may be a password, so the audit names only known accounts.
    await recordAudit({
      action: 'sign_in_failed',
      subject: account?.id,
      detail: { why: account ? 'password' : 'unknown address' },
    })
    throw new SignInRefused('CredentialsSignin')
  }
  for (const { limit, key } of tries) await resetLimit(limit, key)
  if (account.disabledAt) {
    await recordAudit({ action: 'sign_in_failed', subject: account.id, detail: { why: 'disabled' } })
    throw new SignInRefused('AccountDisabled')
  }
  if (mustVerify(account)) {
    if (canMail()) runAfterResponse('the mail that verifies an address', () => sendVerification(account.email))
    throw new SignInRefused('AddressNotVerified')
  }
  return account
}

/**
 * Counts a try for an address: ten in 15 minutes from one network, sixty an hour from all. A
 * browser that signed in to the address before has ten tries of its own, so that other people's
 * guesses do not lock the owner out. Returns the limits that were counted.
 */
async function countTry(email: string, headers: Headers): Promise<{ limit: Limit; key: string }[]> {
  const device = await findKnownDevice(headers, email)
  const tries = device
    ? [{ limit: PER_DEVICE, key: device }]
    : [
        { limit: PER_NETWORK, key: `${email} ${readClientAddress(headers) ?? ''}` },
        { limit: PER_ADDRESS, key: email },
      ]
  for (const { limit, key } of tries) await consumeLimit(limit, key)
  return tries
}
