import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { POST as forgot } from '#app/api/auth/forgot-password/route.ts'
import { POST as askLink } from '#app/api/auth/mail-link/route.ts'
import { POST as reset } from '#app/api/auth/reset-password/route.ts'
import { POST as signUp } from '#app/api/auth/sign-up/route.ts'
import { POST as verify } from '#app/api/auth/verify-email/route.ts'
import { POST as changePassword } from '#app/api/me/password/route.ts'
import { DELETE as deleteMe, PATCH as patchMe } from '#app/api/me/route.ts'
import { POST as askVerify } from '#app/api/me/verify-email/route.ts'
import { hashPassword } from '#lib/auth/passwords/passwords.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { resetPasswordByOperator } from '#lib/auth/sign-in/reset-password-by-operator.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { db, withSystem } from '#lib/platform/db/db.ts'
import { reasonOf, Visitor } from '#tests/support/browser/visitor.ts'
import { sessionCookieOf, signedIn } from '#tests/support/people/people.ts'
import { linkOf, openSmtpSink } from '#tests/support/people/smtp-sink.ts'
import { withSettings } from '#tests/support/settings.ts'

const OLD = 'correct horse battery'
const NEW = 'staple of another kind'
const oldHash = await hashPassword(OLD)
const sink = await openSmtpSink()
const MAIL = { SMTP_URL: sink.url, MAIL_FROM: '"Switchboard" <switchboard@example.com>' }

beforeEach(() => db().rateLimiterFlexible.deleteMany())
afterAll(() => sink.close())

const post = (handler: Parameters<Visitor['send']>[0], path: string, json: unknown, visitor = new Visitor()) =>
  visitor.send(handler, path, { json })
const signsIn = (email: string, password: string) => new Visitor().signIn(email, password)
const byLink = async (code: string) => reasonOf(await new Visitor().nextAuth('callback/mail-link', { code }))

async function arrived(overrides = {}) {
  const { person } = await signedIn({ passwordHash: oldHash, ...overrides })
  const visitor = new Visitor()
  expect(await visitor.signIn(person.email, OLD)).toBeNull()
  return { visitor, person }
}

test('a password change needs the old password, ends every other session and keeps this one', async () => {
  const { visitor, person } = await arrived()
  const other = new Visitor()
  await other.signIn(person.email, OLD)
  const change = (old_password: string) =>
    post(changePassword, '/api/me/password', { old_password, new_password: NEW }, visitor)
  expect((await change('a wrong password')).status).toBe(403)
  expect((await change(OLD)).status).toBe(200)
  expect(await findCaller(new Headers(other.headers))).toBeNull()
  expect(await findCaller(new Headers(visitor.headers))).toMatchObject({ userId: person.id })
  expect(await signsIn(person.email, OLD)).toBe('CredentialsSignin')
  expect(await signsIn(person.email, NEW)).toBeNull()
})

test('a stolen session can guess the old password only ten times', async () => {
  const { visitor } = await arrived()
  const guess = () => post(changePassword, '/api/me/password', { old_password: 'guess', new_password: NEW }, visitor)
  for (let count = 0; count < 10; count += 1) expect((await guess()).status).toBe(403)
  expect((await guess()).status).toBe(429)
})

test('one of two simultaneous password changes wins', async () => {
  const { visitor } = await arrived()
  const change = (new_password: string) =>
    visitor.send(changePassword, '/api/me/password', { json: { old_password: OLD, new_password } })
  const answers = await Promise.all([change('the first new one'), change('the second new one')])
  // The other one finds the account changed; if it comes later, its password wrong or its session ended.
  const [won, lost] = answers.map(({ status }) => status).sort()
  expect([won, lost]).toEqual([200, expect.toSatisfy((status) => [409, 403, 401].includes(status))])
})

test('a password in another Unicode form is the same password', async () => {
  const { person } = await signedIn({ passwordHash: await hashPassword('Zürich Straße ﬁn'.normalize('NFKC')) })
  expect(await signsIn(person.email, 'Zürich Straße fin')).toBeNull()
})

test('a forgotten password is reset by a mailed code that works once and ends every session', async () => {
  withSettings(MAIL)
  const { visitor, person } = await arrived()
  expect((await post(forgot, '/api/auth/forgot-password', { email: person.email.toUpperCase() })).status).toBe(202)
  const mail = await sink.nextMail(person.email)
  expect([mail.to, mail.subject]).toEqual([person.email, 'Reset your Switchboard password'])
  const { page, code } = linkOf(mail)
  expect(page).toBe('/reset-password')

  expect((await post(reset, '/api/auth/reset-password', { code, password: 'short' })).status).toBe(400)
  const both = await Promise.all(
    [NEW, 'a third password'].map((password) => post(reset, '/api/auth/reset-password', { code, password })),
  )
  expect(both.map(({ status }) => status).sort()).toEqual([200, 400])
  expect(await findCaller(new Headers(visitor.headers))).toBeNull()
  expect(await signsIn(person.email, OLD)).toBe('CredentialsSignin')
  const winner = both[0]?.status === 200 ? NEW : 'a third password'
  expect(await signsIn(person.email, winner)).toBeNull()
  expect(await requireAccount({ userId: person.id })).toMatchObject({ emailVerifiedAt: expect.any(Date) })
})

test('the stored hash of a code cannot be used as the code', async () => {
  withSettings(MAIL)
  const { person } = await signedIn()
  await post(forgot, '/api/auth/forgot-password', { email: person.email })
  const { code } = linkOf(await sink.nextMail(person.email))
  const [row] = await withSystem('recovery', (tx) => tx.oneTimeCode.findMany({ where: { email: person.email } }))
  expect(row?.tokenHash).not.toBe(code)
  expect((await post(reset, '/api/auth/reset-password', { code: row?.tokenHash, password: NEW })).status).toBe(400)
  // A code is valid only for its own purpose.
  expect(await byLink(code)).toBe('MailLinkSpent')
})

test('an operator’s password reset also ends every session', async () => {
  const { visitor, person } = await arrived()
  await resetPasswordByOperator(` ${person.email.toUpperCase()}`, NEW)
  expect(await findCaller(new Headers(visitor.headers))).toBeNull()
  expect(await signsIn(person.email, NEW)).toBeNull()
  await expect(resetPasswordByOperator(person.email, 'short')).rejects.toThrow(/at least 10/)
  await expect(resetPasswordByOperator('nobody@example.com', NEW)).rejects.toMatchObject({ code: 'not_found' })
})

test('an expired code is refused', async () => {
  withSettings(MAIL)
  const { person } = await signedIn()
  await post(forgot, '/api/auth/forgot-password', { email: person.email })
  const { code } = linkOf(await sink.nextMail(person.email))
  await withSystem('recovery', (tx) => tx.oneTimeCode.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } }))
  expect((await post(reset, '/api/auth/reset-password', { code, password: NEW })).status).toBe(400)
})

test('a reset for an unknown address is answered in the same way but sends no mail; without mail the page names the command to run', async () => {
  const without = await post(forgot, '/api/auth/forgot-password', { email: 'nobody@example.com' })
  expect([without.status, (await without.json()).message]).toEqual([
    503,
    expect.stringMatching(/npm run reset-password/),
  ])
  withSettings(MAIL)
  const count = sink.mails.length
  const unknown = await post(forgot, '/api/auth/forgot-password', { email: 'nobody@example.com' })
  expect([unknown.status, await unknown.json()]).toEqual([202, {}])
  for (let ask = 0; ask < 4; ask += 1) await post(forgot, '/api/auth/forgot-password', { email: 'nobody@example.com' })
  expect((await post(forgot, '/api/auth/forgot-password', { email: 'nobody@example.com' })).status).toBe(429)
  const { person } = await signedIn()
  await post(forgot, '/api/auth/forgot-password', { email: person.email })
  await sink.nextMail(person.email)
  expect(sink.mails.length).toBe(count + 1)
})

test('SIGN_UP=domain accepts only its addresses, and only after the mailed code and the password have verified them', async () => {
  await signedIn()
  withSettings({ ...MAIL, SIGN_UP: 'domain', SIGN_UP_DOMAINS: 'example.org, example.net' })
  const wish = { name: 'Dora', password: OLD }
  const foreign = await post(signUp, '/api/auth/sign-up', { ...wish, email: 'dora@example.org.evil.example' })
  expect([foreign.status, (await foreign.json()).message]).toEqual([
    403,
    'New accounts need an address at example.org or example.net.',
  ])

  const fresh = await post(signUp, '/api/auth/sign-up', { ...wish, email: 'dora@example.org' })
  expect(await fresh.json()).toEqual({ next: 'verify_email', role: 'member' })
  const { page, code } = linkOf(await sink.nextMail('dora@example.org'))
  expect(page).toBe('/verify-email')
  expect(await signsIn('dora@example.org', OLD)).toBe('AddressNotVerified')
  await sink.nextMail('dora@example.org')

  const again = await post(signUp, '/api/auth/sign-up', { ...wish, email: 'dora@example.org', password: NEW })
  expect(await again.json()).toEqual({ next: 'verify_email', role: 'member' })
  expect((await sink.nextMail('dora@example.org')).subject).toBe('You have a Switchboard account already')

  expect((await post(verify, '/api/auth/verify-email', { code })).status).toBe(403)
  expect((await post(verify, '/api/auth/verify-email', { code, password: NEW })).status).toBe(403)
  expect(await (await post(verify, '/api/auth/verify-email', { code, password: OLD })).json()).toEqual({
    email: 'dora@example.org',
  })
  expect((await post(verify, '/api/auth/verify-email', { code, password: OLD })).status).toBe(400)
  expect(await signsIn('dora@example.org', OLD)).toBeNull()
})

test('a signed-in person verifies their own address with the mailed code alone', async () => {
  withSettings(MAIL)
  const { visitor, person } = await arrived()
  expect((await post(askVerify, '/api/me/verify-email', {}, visitor)).status).toBe(202)
  const { code } = linkOf(await sink.nextMail(person.email))
  const stranger = await arrived()
  expect((await post(verify, '/api/auth/verify-email', { code }, stranger.visitor)).status).toBe(403)
  expect((await post(verify, '/api/auth/verify-email', { code }, visitor)).status).toBe(200)
  expect(await requireAccount({ userId: person.id })).toMatchObject({ emailVerifiedAt: expect.any(Date) })
})

test('a sign-in link opens a verified account once, and only by POST', async () => {
  expect((await post(askLink, '/api/auth/mail-link', { email: 'a@example.com' })).status).toBe(503)
  withSettings(MAIL)
  const { person } = await signedIn({ emailVerifiedAt: new Date() })
  await post(askLink, '/api/auth/mail-link', { email: person.email })
  const { page, code } = linkOf(await sink.nextMail(person.email))
  expect(page).toBe('/sign-in/link')
  const scanner = new Visitor()
  await scanner.nextAuth(`callback/mail-link?code=${code}`)
  expect(scanner.cookies.has('switchboard-session')).toBe(false)

  const visitor = new Visitor()
  expect(await reasonOf(await visitor.nextAuth('callback/mail-link', { code }))).toBeNull()
  expect(await findCaller(new Headers(visitor.headers))).toMatchObject({ userId: person.id })
  expect(await byLink(code)).toBe('MailLinkSpent')
})

test('a sign-in link creates an account if sign-up is open, and none if it is closed', async () => {
  withSettings(MAIL)
  await post(askLink, '/api/auth/mail-link', { email: 'eve@example.org' })
  const { code } = linkOf(await sink.nextMail('eve@example.org'))
  withSettings({ SIGN_UP: 'closed' })
  expect((await post(askLink, '/api/auth/mail-link', { email: 'mallory@example.org' })).status).toBe(202)
  expect(await byLink(code)).toBe('SignUpClosed')
  const { person } = await signedIn({ emailVerifiedAt: new Date() })
  await post(askLink, '/api/auth/mail-link', { email: person.email })
  await sink.nextMail(person.email)
  expect(sink.mails.filter(({ to }) => to === 'mallory@example.org')).toEqual([])
  withSettings({ SIGN_UP: 'open' })
  await post(askLink, '/api/auth/mail-link', { email: 'eve@example.org' })
  expect(await byLink(linkOf(await sink.nextMail('eve@example.org')).code)).toBeNull()
})

test('a sign-in link is never sent for an account whose address is not verified', async () => {
  withSettings(MAIL)
  const { person } = await signedIn({ passwordHash: oldHash })
  await post(askLink, '/api/auth/mail-link', { email: person.email })
  const mail = await sink.nextMail(person.email)
  expect([mail.subject, linkOf(mail).code]).toEqual(['Sign in to Switchboard', ''])
})

test('a mail server that is down is logged, and the response stays the same', async () => {
  withSettings({ ...MAIL, SMTP_URL: 'smtp://127.0.0.1:1' })
  const { log } = await import('#lib/platform/log.ts')
  const logged = vi.spyOn(log, 'error')
  const { person } = await signedIn()
  expect((await post(forgot, '/api/auth/forgot-password', { email: person.email })).status).toBe(202)
  await vi.waitFor(() => expect(logged).toHaveBeenCalled(), 20_000)
})

test('the profile accepts a name and a valid time zone only', async () => {
  const { visitor, person } = await arrived()
  const patch = (json: unknown) => visitor.send(patchMe, '/api/me', { method: 'PATCH', json })
  expect((await patch({ name: 'Ann B.', time_zone: 'Europe/Nowhere' })).status).toBe(400)
  expect((await patch({ name: 'Ann B.', time_zone: 'Europe/Berlin' })).status).toBe(200)
  expect(await requireAccount({ userId: person.id })).toMatchObject({ name: 'Ann B.', timeZone: 'Europe/Berlin' })
})

test('deleting an account needs the password and deletes its content; the only admin cannot leave while others remain', async () => {
  const { visitor, person } = await arrived()
  await withSystem('admin', (tx) =>
    tx.note.create({ data: { id: 'note_1', ownerId: person.id, title: 'x', body: 'y' } }),
  )
  const leave = (password?: string, who = visitor) =>
    who.send(deleteMe, '/api/me', { method: 'DELETE', json: { password } })
  expect((await leave()).status).toBe(403)
  expect((await leave('a wrong password')).status).toBe(403)
  expect((await leave(OLD)).status).toBe(200)
  expect(visitor.cookies.has('switchboard-session')).toBe(false)
  expect(await withSystem('admin', (tx) => tx.note.count({ where: { ownerId: person.id } }))).toBe(0)

  const admins = [await arrived({ role: 'admin' }), await arrived({ role: 'admin' })]
  const leaving = await Promise.all(admins.map(({ visitor: admin }) => leave(OLD, admin)))
  expect(leaving.map(({ status }) => status).sort()).toEqual([200, 409])
})

test('a recent sign-in replaces the old password if the account has none', async () => {
  const { person } = await signedIn()
  const visitor = new Visitor()
  const since = async (seconds: number) => {
    const [name, value] = (await sessionCookieOf(person.id, 1, seconds)).split('=') as [string, string]
    visitor.cookies.set(name, value)
    return visitor.send(changePassword, '/api/me/password', { json: { new_password: NEW } })
  }
  expect((await since(700)).status).toBe(403)
  expect((await since(500)).status).toBe(200)
})
