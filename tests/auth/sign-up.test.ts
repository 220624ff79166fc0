import { beforeEach, expect, test, vi } from 'vitest'
import { POST as signUp } from '#app/api/auth/sign-up/route.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { announceSetupCode, deriveSetupCode } from '#lib/auth/sign-in/setup-code.ts'
import { db, withSystem } from '#lib/platform/db/db.ts'
import { log } from '#lib/platform/log.ts'
import { Visitor } from '#tests/support/browser/visitor.ts'
import { withSettings } from '#tests/support/settings.ts'

const PASSWORD = 'correct horse battery'
const ask = (body: Record<string, unknown>, headers = {}) =>
  new Visitor().send(signUp, '/api/auth/sign-up', { json: { password: PASSWORD, name: 'Ann', ...body }, headers })

const people = () => withSystem('admin', (tx) => tx.user.findMany({ orderBy: { createdAt: 'asc' } }))

beforeEach(async () => {
  await withSystem('admin', (tx) => tx.user.deleteMany())
  await db().rateLimiterFlexible.deleteMany()
})

test('the first visitor becomes the admin and can sign in, and the next one becomes a member', async () => {
  const ann = new Visitor()
  const first = await ann.send(signUp, '/api/auth/sign-up', {
    json: { email: ' Ann@Example.com ', password: PASSWORD, name: 'Ann' },
  })
  expect([first.status, await first.json()]).toEqual([201, { next: 'sign_in', role: 'admin' }])
  expect(await ann.signIn('ann@example.com', PASSWORD)).toBeNull()
  expect(await findCaller(new Headers(ann.headers))).toMatchObject({ role: 'admin', via: 'session' })

  expect(await (await ask({ email: 'bob@example.com' })).json()).toEqual({ next: 'sign_in', role: 'member' })
  expect((await people()).map(({ email, role, founder }) => [email, role, founder])).toEqual([
    ['ann@example.com', 'admin', true],
    ['bob@example.com', 'member', false],
  ])
})

test('one of several simultaneous first visitors becomes the admin, and the others are told why they did not', async () => {
  const racers = Array.from({ length: 6 }, (_, index) => ask({ email: `racer${index}@example.com`, setup_code: '' }))
  const answers = await Promise.all(racers)
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409])
  const losers = answers.filter(({ status }) => status === 409)
  for (const loser of losers) expect((await loser.json()).message).toMatch(/first account/)
  expect((await people()).map(({ role }) => role)).toEqual(['admin'])
})

test('the first account of a reachable server needs the set-up code from the log', async () => {
  withSettings({ APP_URL: 'https://chat.example.com', HOSTNAME: '0.0.0.0' })
  const said = vi.spyOn(log, 'warn')
  await announceSetupCode()
  expect(said.mock.lastCall?.[1]).toContain(deriveSetupCode())

  expect((await ask({ email: 'ann@example.com' })).status).toBe(403)
  const wrong = await ask({ email: 'ann@example.com', setup_code: '2222-2222-2222-2222' })
  expect([wrong.status, (await wrong.json()).message]).toEqual([403, expect.stringMatching(/set-up code is wrong/)])
  expect(await people()).toEqual([])

  const right = await ask({
    email: 'ann@example.com',
    setup_code: deriveSetupCode().toLowerCase().replaceAll('-', ' '),
  })
  expect(right.status).toBe(201)
  said.mockClear()
  await announceSetupCode()
  expect(said).not.toHaveBeenCalled()
})

test('a client that guesses the set-up code is blocked after 20 attempts, and blocks no one else', async () => {
  withSettings({ APP_URL: 'https://chat.example.com', TRUSTED_PROXIES: '1' })
  const guess = (address: string) => ask({ email: 'a@example.com', setup_code: 'x' }, { 'x-forwarded-for': address })
  for (let attempt = 0; attempt < 20; attempt += 1) expect((await guess('198.51.100.7')).status).toBe(403)
  const limited = await guess('198.51.100.7')
  expect(limited.status).toBe(429)
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await guess('203.0.113.9')).status).toBe(403)
})

test('sign-up is closed by default if others can reach the server, and open if they cannot', async () => {
  await ask({ email: 'ann@example.com' })
  withSettings({ APP_URL: 'https://chat.example.com' })
  const closed = await ask({ email: 'bob@example.com' })
  expect([closed.status, (await closed.json()).message]).toEqual([403, expect.stringMatching(/closed/)])
  withSettings({ SIGN_UP: 'open' })
  expect((await ask({ email: 'bob@example.com' })).status).toBe(201)
})

test('sign-up for a known address is answered like one for a new address, and its password stays', async () => {
  await ask({ email: 'ann@example.com' })
  const fresh = await ask({ email: 'new@example.com', password: 'another good password' })
  const known = await ask({ email: 'ann@example.com', password: 'another good password' })
  expect([known.status, await known.json()]).toEqual([fresh.status, await fresh.json()])
  expect(await new Visitor().signIn('ann@example.com', 'another good password')).toBe('CredentialsSignin')
  expect(await new Visitor().signIn('ann@example.com', PASSWORD)).toBeNull()
})

test.each([
  ['no address', { email: 'ann' }, /not an e-mail address/],
  ['two addresses', { email: 'a@example.com,b@example.com' }, /not an e-mail address/],
  ['a short password', { email: 'a@example.com', password: 'short' }, /at least 10 characters/],
  ['a long password', { email: 'a@example.com', password: 'x'.repeat(201) }, /longer than 200/],
  ['no name', { email: 'a@example.com', name: ' ' }, /Enter your name/],
  ['a name of two lines', { email: 'a@example.com', name: 'Ann\r\nBcc: b@example.com' }, /cannot be shown/],
])('%s is refused with a sentence, and nothing is stored', async (_what, body, sentence) => {
  const refused = await ask(body)
  expect([refused.status, (await refused.json()).message]).toEqual([400, expect.stringMatching(sentence)])
  expect(await people()).toEqual([])
})

test('another site cannot sign a person up', async () => {
  expect((await ask({ email: 'a@example.com' }, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await ask({ email: 'a@example.com' }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect(await people()).toEqual([])
})

test('one client signs up 20 times an hour at most; its address counts only from a trusted proxy', async () => {
  withSettings({ TRUSTED_PROXIES: '1' })
  await ask({ email: 'ann@example.com' }, { 'x-forwarded-for': '203.0.113.1' })
  const from = (address: string) => ask({ email: 'bob@example.com', setup_code: '' }, { 'x-forwarded-for': address })
  for (let attempt = 0; attempt < 20; attempt += 1) expect((await from('198.51.100.7')).status).toBe(409)
  expect((await from('198.51.100.7')).status).toBe(429)
  expect((await from('203.0.113.9, 198.51.100.7')).status).toBe(429)
  expect((await from('198.51.100.7, 203.0.113.9')).status).toBe(409)
})
