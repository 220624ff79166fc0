import { expect, onTestFinished, test } from 'vitest'
import { GET as me } from '#app/api/me/route.ts'
import { POST as everywhere } from '#app/api/me/sign-out-everywhere/route.ts'
import { hashPassword } from '#lib/auth/passwords/passwords.ts'
import { findCaller, requireCaller } from '#lib/auth/sessions/session.ts'
import { closeDb, withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { Visitor } from '#tests/support/browser/visitor.ts'
import { sessionCookieOf, signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const PASSWORD = 'correct horse battery'
const passwordHash = await hashPassword(PASSWORD)
const change = (id: string, data: object) => withSystem('admin', (tx) => tx.user.update({ where: { id }, data }))
const callerOf = (visitor: Visitor) => findCaller(new Headers(visitor.headers))

async function arrived(overrides = {}) {
  const { person } = await signedIn({ passwordHash, ...overrides })
  const visitor = new Visitor()
  expect(await visitor.signIn(person.email, PASSWORD)).toBeNull()
  return { visitor, person }
}

test('sign-in sets an HttpOnly, SameSite=Lax cookie, and sign-out removes it', async () => {
  const { person } = await signedIn({ passwordHash })
  const visitor = new Visitor()
  const response = await visitor.nextAuth('callback/credentials', {
    email: person.email,
    password: PASSWORD,
    callbackUrl: '/chat',
  })
  expect((await response.json()).url).toBe('http://127.0.0.1:3999/chat')
  const cookie = response.headers.getSetCookie().find((line) => line.startsWith('switchboard-session='))
  expect(cookie).toMatch(/; HttpOnly/)
  expect(cookie).toMatch(/; SameSite=Lax/)
  expect(await callerOf(visitor)).toEqual({
    ...{ userId: person.id, role: 'member', via: 'session', sessionVersion: 1 },
    sessionId: expect.stringMatching(/^ses_/),
  })

  await visitor.nextAuth('signout', {})
  expect(visitor.cookies.has('switchboard-session')).toBe(false)
})

test('sign-out ends that session on the server: a copied cookie is refused, and other sessions continue', async () => {
  const { visitor, person } = await arrived()
  const elsewhere = new Visitor()
  await elsewhere.signIn(person.email, PASSWORD)
  const thief = new Visitor()
  for (const [name, value] of visitor.cookies) thief.cookies.set(name, value)
  // Reading the session seals a new cookie for the same session.
  await thief.nextAuth('session')
  expect(await callerOf(thief)).toMatchObject({ userId: person.id })

  await visitor.nextAuth('signout', {})
  expect(await callerOf(thief)).toBeNull()
  expect(await (await thief.nextAuth('session')).json()).toEqual({})
  expect(await callerOf(elsewhere)).toMatchObject({ userId: person.id })
  expect(await visitor.signIn(person.email, PASSWORD)).toBeNull()
  expect(await callerOf(visitor)).toMatchObject({ userId: person.id })
})

test('the session that survives a sign-out everywhere can still be ended', async () => {
  const { visitor } = await arrived()
  await visitor.send(everywhere, '/api/me/sign-out-everywhere')
  const copy = { ...visitor.headers }
  await visitor.nextAuth('signout', {})
  expect(await findCaller(new Headers(copy))).toBeNull()
})

test('the record of an ended session is deleted once its cookie would have expired', async () => {
  const { visitor, person } = await arrived()
  await visitor.nextAuth('signout', {})
  const rows = () => withSystem('admin', (tx) => tx.endedSession.findMany({ where: { ownerId: person.id } }))
  const [first] = await rows()
  expect(first?.expiresAt.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000)
  await withSystem('admin', (tx) => tx.endedSession.updateMany({ data: { expiresAt: new Date(Date.now() - 1_000) } }))
  await visitor.signIn(person.email, PASSWORD)
  await visitor.nextAuth('signout', {})
  expect((await rows()).map(({ id }) => id)).not.toContain(first?.id)
})

test('sign-out fails instead of claiming success while the database is away', async () => {
  const { visitor } = await arrived()
  const { DATABASE_URL } = process.env
  const { csrfToken } = await (await visitor.nextAuth('csrf')).json()
  onTestFinished(closeDb)
  withSettings({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' })
  await closeDb()
  const away = await visitor.nextAuth('signout', { csrfToken })
  expect(away.status).toBe(503)
  expect(visitor.cookies.has('switchboard-session')).toBe(true)
  withSettings({ DATABASE_URL })
  await closeDb()
  expect(await callerOf(visitor)).not.toBeNull()
})

test('a database outage signs no one out', async () => {
  const { visitor, person } = await arrived()
  const { DATABASE_URL } = process.env
  onTestFinished(closeDb)
  withSettings({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' })
  await closeDb()
  const away = await visitor.nextAuth('session')
  expect(away.status).toBe(503)
  expect(away.headers.getSetCookie()).toEqual([])
  withSettings({ DATABASE_URL })
  await closeDb()
  expect(await (await visitor.nextAuth('session')).json()).toMatchObject({ user: { email: person.email } })
})

test('the session cookie is Secure and bound to the host if the server uses https', async () => {
  withSettings({ APP_URL: 'https://chat.example.com' })
  const { person } = await signedIn({ passwordHash })
  const visitor = new Visitor()
  const response = await visitor.nextAuth('callback/credentials', { email: person.email, password: PASSWORD })
  expect((await response.json()).url).toBe('https://chat.example.com/')
  const cookie = response.headers.getSetCookie().find((line) => line.startsWith('__Host-switchboard-session='))
  expect(cookie).toMatch(/; Path=\/;.*; Secure/)
  expect(await callerOf(visitor)).toMatchObject({ userId: person.id })
})

test.each([
  ['no cookie', () => ''],
  ['a forged cookie', () => 'switchboard-session=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aaaa.bbbb.cccc'],
  ['a cookie of an unknown person', () => sessionCookieOf(newId('usr'), 1)],
])('%s is refused', async (_what, cookie) => {
  const headers = new Headers({ cookie: await cookie() })
  expect(await findCaller(headers)).toBeNull()
  await expect(requireCaller(new Request('http://x/', { headers }))).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('a cookie that is sealed with another secret is refused', async () => {
  const { visitor } = await arrived()
  withSettings({ APP_SECRET: 'another secret, which is long enough too' })
  expect(await callerOf(visitor)).toBeNull()
})

test('disabling an account ends its sessions at the next request', async () => {
  const { visitor, person } = await arrived()
  await change(person.id, { disabledAt: new Date() })
  expect(await callerOf(visitor)).toBeNull()
  expect(await new Visitor().signIn(person.email, PASSWORD)).toBe('AccountDisabled')
  expect(await new Visitor().signIn(person.email, 'a wrong password')).toBe('CredentialsSignin')
})

test('sign-out everywhere ends every other session and keeps this one', async () => {
  const { visitor, person } = await arrived()
  const other = new Visitor()
  await other.signIn(person.email, PASSWORD)
  expect((await visitor.send(everywhere, '/api/me/sign-out-everywhere')).status).toBe(200)
  expect(await callerOf(other)).toBeNull()
  expect(await callerOf(visitor)).toMatchObject({ userId: person.id })
  // The session endpoint of next-auth agrees, and removes the dead cookie.
  expect(await (await other.nextAuth('session')).json()).toEqual({})
  expect(other.cookies.has('switchboard-session')).toBe(false)
  expect(await (await visitor.nextAuth('session')).json()).toMatchObject({ user: { email: person.email } })
})

test('a role change takes effect at the next request', async () => {
  const { visitor, person } = await arrived()
  expect(await callerOf(visitor)).toMatchObject({ role: 'member' })
  await change(person.id, { role: 'admin' })
  expect(await callerOf(visitor)).toMatchObject({ role: 'admin' })
})

test('sign-in without the CSRF token of next-auth does nothing', async () => {
  const { person } = await signedIn({ passwordHash })
  const visitor = new Visitor()
  const fields = { email: person.email, password: PASSWORD, csrfToken: 'made up', json: 'true' }
  expect((await (await visitor.nextAuth('callback/credentials', fields)).json()).url).toContain('csrf=true')
  expect(visitor.cookies.has('switchboard-session')).toBe(false)
})

test('sign-in never redirects to another site', async () => {
  const { person } = await signedIn({ passwordHash })
  for (const callbackUrl of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) {
    const response = await new Visitor().nextAuth('callback/credentials', {
      email: person.email,
      password: PASSWORD,
      callbackUrl,
    })
    const { url } = await response.json()
    if (url) expect(new URL(url).origin).toBe('http://127.0.0.1:3999')
  }
})

test('ten wrong passwords for an address block the eleventh attempt, right or wrong; an earlier success resets the count', async () => {
  const { person } = await signedIn({ passwordHash })
  const attempt = (password: string) => new Visitor().signIn(person.email, password)
  for (let count = 0; count < 9; count += 1) expect(await attempt('a wrong password')).toBe('CredentialsSignin')
  expect(await attempt(PASSWORD)).toBeNull()
  for (let count = 0; count < 10; count += 1) expect(await attempt('a wrong password')).toBe('CredentialsSignin')
  expect(await attempt(PASSWORD)).toBe('TooManyAttempts')
})

test('guesses elsewhere cannot lock a person out of a browser that they have signed in with before', async () => {
  const { visitor, person } = await arrived()
  await visitor.nextAuth('signout', {})
  for (let count = 0; count < 10; count += 1) await new Visitor().signIn(person.email, 'a wrong password')
  expect(await new Visitor().signIn(person.email, PASSWORD), 'an unknown browser waits').toBe('TooManyAttempts')
  expect(await visitor.signIn(person.email, PASSWORD)).toBeNull()

  // The device cookie grants no access, counts its own guesses, and is valid for one address only.
  for (let count = 0; count < 10; count += 1)
    expect(await visitor.signIn(person.email, 'a wrong password')).toBe('CredentialsSignin')
  expect(await visitor.signIn(person.email, PASSWORD)).toBe('TooManyAttempts')
  const { person: other } = await signedIn({ passwordHash })
  for (let count = 0; count < 10; count += 1) await new Visitor().signIn(other.email, 'a wrong password')
  expect(await visitor.signIn(other.email, PASSWORD)).toBe('TooManyAttempts')
  const forger = new Visitor()
  forger.cookies.set('switchboard-device', 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl')
  expect(await forger.signIn(other.email, PASSWORD)).toBe('TooManyAttempts')
})

test('guesses from one network do not block another, unless too many networks guess', async () => {
  withSettings({ TRUSTED_PROXIES: '1' })
  const { person } = await signedIn({ passwordHash })
  const from = (network: number) => new Visitor({ 'x-forwarded-for': `203.0.113.${network}` })
  for (let count = 0; count < 10; count += 1) await from(1).signIn(person.email, 'a wrong password')
  expect(await from(1).signIn(person.email, PASSWORD)).toBe('TooManyAttempts')
  expect(await from(2).signIn(person.email, PASSWORD)).toBeNull()
  const guess = async (network: number) => {
    for (let count = 0; count < 10; count += 1) await from(network).signIn(person.email, 'a wrong password')
  }
  await Promise.all([10, 11, 12, 13, 14, 15].map(guess))
  expect(await from(99).signIn(person.email, PASSWORD)).toBe('TooManyAttempts')
})

test('an unknown address is refused and limited like a wrong password', async () => {
  for (let count = 0; count < 10; count += 1)
    expect(await new Visitor().signIn('nobody@example.com', PASSWORD)).toBe('CredentialsSignin')
  expect(await new Visitor().signIn('nobody@example.com', PASSWORD)).toBe('TooManyAttempts')
})

test('every sign-in attempt is audited, without the password or a mistyped address', async () => {
  const { person, visitor } = await arrived()
  await visitor.signIn(person.email, 'a wrong password')
  await visitor.signIn('my-secret-password@example.com', 'x')
  const events = await withSystem('admin', (tx) => tx.auditEvent.findMany({ orderBy: { at: 'desc' }, take: 3 }))
  expect(events.map(({ action, subject, detail }) => [action, subject, detail])).toEqual([
    ['sign_in_failed', null, { why: 'unknown address' }],
    ['sign_in_failed', person.id, { why: 'password' }],
    ['signed_in', person.id, { way: 'credentials' }],
  ])
  expect(JSON.stringify(events)).not.toMatch(/secret|wrong password|battery/)
})

test('a person’s account is returned to that person only', async () => {
  const { visitor, person } = await arrived()
  expect(await (await visitor.send(me, '/api/me', { method: 'GET' })).json()).toMatchObject({
    email: person.email,
    role: 'member',
  })
  const nobody = await new Visitor().send(me, '/api/me', { method: 'GET' })
  expect([nobody.status, (await nobody.json()).code]).toEqual([401, 'unauthenticated'])
})
