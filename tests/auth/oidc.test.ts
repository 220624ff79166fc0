import { afterAll, beforeEach, expect, test } from 'vitest'
import { GET as door } from '#app/api/auth/[...nextauth]/route.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { listFederatedProviders } from '#lib/auth/sign-in/providers.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { Visitor } from '#tests/support/browser/visitor.ts'
import { followIssuer, openIssuer } from '#tests/support/people/oidc-issuer.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const APP = 'http://127.0.0.1:3999'
const remote = await openIssuer(`${APP}/api/auth/callback/oidc`)

afterAll(() => remote.close())
beforeEach(async () => {
  withSettings(remote.settings)
  await withSystem('admin', (tx) => tx.user.deleteMany())
})

/**
 * Signs in at the issuer as `subject` and returns to the app. `reason` is the error code of a
 * refusal.
 */
async function comeBy(
  subject: string,
  person?: Parameters<typeof remote.people.set>[1],
  tamper = (url: string) => url,
) {
  if (person) remote.people.set(subject, person)
  remote.issuer.subject = subject
  const visitor = new Visitor()
  const { url } = await (await visitor.nextAuth('signin/oidc', { callbackUrl: '/chat' })).json()
  if (!url.startsWith(remote.url))
    return { visitor, caller: null, reason: new URL(url).searchParams.get('error'), location: url }
  const back = tamper(await followIssuer(url, remote.url))
  const response = await visitor.send(door, back.slice(APP.length), { method: 'GET' })
  const location = response.headers.get('location') ?? ''
  const caller = await findCaller(new Headers(visitor.headers))
  return { visitor, caller, location, reason: new URL(location, APP).searchParams.get('error') }
}

test('there is no OIDC button without settings', () => {
  expect(listFederatedProviders()).toEqual([{ id: 'oidc', name: 'Test login' }])
  withSettings({ OIDC_ISSUER: undefined, OIDC_ID: undefined, OIDC_SECRET: undefined, OIDC_NAME: undefined })
  expect(listFederatedProviders()).toEqual([])
})

test('a new person becomes a member with a verified address, and is recognised the next time', async () => {
  await signedIn()
  const first = await comeBy('sub-new', { email: 'Nina@Example.org', email_verified: true, name: 'Nina' })
  expect([first.location, first.reason, first.caller?.role]).toEqual([`${APP}/chat`, null, 'member'])
  const row = await withSystem('admin', (tx) =>
    tx.user.findUniqueOrThrow({ where: { email: 'nina@example.org' }, include: { identities: true } }),
  )
  expect(row).toMatchObject({
    name: 'Nina',
    emailVerifiedAt: expect.any(Date),
    identities: [{ provider: `oidc ${remote.url}` }],
  })
  const moved = await comeBy('sub-new', { email: 'nina@elsewhere.example', email_verified: false, name: 'Nina' })
  expect(moved.caller?.userId).toBe(first.caller?.userId)
})

test('an identity joins the account with the same address if both sides have verified it', async () => {
  const { person } = await signedIn({ emailVerifiedAt: new Date() })
  const { caller } = await comeBy('sub-join', { email: person.email, email_verified: true })
  expect(caller?.userId).toBe(person.id)
})

test.each([
  ['here', {}, true, 'AccountAddressNotVerified'],
  ['there', { emailVerifiedAt: new Date() }, false, 'ProviderAddressNotVerified'],
])('an identity does not join if the address is not verified %s', async (_where, mine, theirs, reason) => {
  const { person } = await signedIn(mine)
  const visit = await comeBy('sub-unproven', { email: person.email, email_verified: theirs })
  expect([visit.reason, visit.caller]).toEqual([reason, null])
  expect(await withSystem('admin', (tx) => tx.identity.count())).toBe(0)
})

test('SIGN_UP decides about new accounts; known accounts can always sign in', async () => {
  const { person } = await signedIn({ emailVerifiedAt: new Date() })
  withSettings({ SIGN_UP: 'closed' })
  expect((await comeBy('sub-closed', { email: 'new@example.org', email_verified: true })).reason).toBe('SignUpClosed')
  expect((await comeBy('sub-known', { email: person.email, email_verified: true })).reason).toBeNull()
})

test('the first OIDC visitor becomes admin only on a loopback server; elsewhere the set-up code is required first', async () => {
  withSettings({ HOSTNAME: '0.0.0.0' })
  expect((await comeBy('sub-first', { email: 'first@example.org', email_verified: true })).reason).toBe('SetUpFirst')
  withSettings({ HOSTNAME: '127.0.0.1' })
  expect((await comeBy('sub-first')).caller?.role).toBe('admin')
  expect((await comeBy('sub-second', { email: 'second@example.org', email_verified: true })).caller?.role).toBe(
    'member',
  )
})

test('a disabled account cannot sign in', async () => {
  await signedIn()
  const { caller } = await comeBy('sub-off', { email: 'off@example.org', email_verified: true })
  await withSystem('admin', (tx) => tx.user.update({ where: { id: caller?.userId }, data: { disabledAt: new Date() } }))
  expect((await comeBy('sub-off')).reason).toBe('AccountDisabled')
})

test('a callback that this browser did not request is refused', async () => {
  await signedIn()
  const person = { email: 'csrf@example.org', email_verified: true }
  const forged = await comeBy('sub-csrf', person, (url) => url.replace(/state=[^&]+/, 'state=made-up'))
  expect([forged.reason, forged.caller]).toEqual(['OAuthCallback', null])
  let stolen = ''
  await comeBy('sub-csrf', person, (url) => {
    stolen = url
    return `${APP}/api/auth/callback/oidc?error=access_denied`
  })
  const victim = new Visitor()
  await victim.send(door, stolen.slice(APP.length), { method: 'GET' })
  expect(await findCaller(new Headers(victim.headers))).toBeNull()
})

test('an unreachable issuer is reported as such', async () => {
  await signedIn()
  withSettings({ OIDC_ISSUER: 'http://127.0.0.1:1' })
  expect((await comeBy('sub-down')).reason).toBe('OAuthSignin')
})

test('the same subject at another issuer is another person', async () => {
  await signedIn()
  await withSystem('sign-in', async (tx) => {
    const { id } = await tx.user.findFirstOrThrow()
    await tx.identity.create({
      data: { provider: 'oidc https://old.example', providerAccountId: 'sub-same', userId: id },
    })
  })
  const { caller } = await comeBy('sub-same', { email: 'same@example.org', email_verified: true })
  const row = await withSystem('admin', (tx) => tx.user.findUniqueOrThrow({ where: { id: caller?.userId ?? '' } }))
  expect(row.email).toBe('same@example.org')
})
