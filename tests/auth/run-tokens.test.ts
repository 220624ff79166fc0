import { SignJWT } from 'jose'
import { expect, test, vi } from 'vitest'
import { sealSession } from '#lib/auth/sessions/session.ts'
import { findBearerCaller } from '#lib/auth/tokens/find-bearer-caller.ts'
import { mintRunToken } from '#lib/auth/tokens/run-tokens.ts'
import { endSessions } from '#lib/data/people/users.ts'
import { builtinTransport } from '#lib/mcp-client/connection/transport.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const AUDIENCE = 'http://127.0.0.1:3999/mcp'
const mint = (userId: string, ttl = 60) => mintRunToken({ userId, runId: 'run_1', threadId: 'thr_1' }, AUDIENCE, ttl)

test('a run token identifies its person and run, only at its audience', async () => {
  const { caller } = await signedIn()
  const token = await mint(caller.userId)
  expect(await findBearerCaller(token, AUDIENCE)).toEqual({
    userId: caller.userId,
    role: 'member',
    via: 'run',
    runId: 'run_1',
    threadId: 'thr_1',
  })
  for (const other of ['http://127.0.0.1:3999', 'http://127.0.0.1:3999/mcp/', 'https://elsewhere.example/mcp', ''])
    expect(await findBearerCaller(token, other)).toBeNull()
})

test('a run token ends when it expires, when the person signs out everywhere and when the account is disabled', async () => {
  const { caller } = await signedIn()
  const short = await mint(caller.userId, 30)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
  try {
    expect(await findBearerCaller(short, AUDIENCE)).toBeNull()
  } finally {
    vi.useRealTimers()
  }
  const token = await mint(caller.userId)
  await endSessions(caller)
  expect(await findBearerCaller(token, AUDIENCE)).toBeNull()
  const later = await mint(caller.userId)
  await withSystem('admin', (tx) => tx.user.update({ where: { id: caller.userId }, data: { disabledAt: new Date() } }))
  expect(await findBearerCaller(later, AUDIENCE)).toBeNull()
  await expect(mint(caller.userId)).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('a modified, foreign or unsigned token and a session cookie are refused', async () => {
  const { caller } = await signedIn()
  const token = await mint(caller.userId)
  const [head, body, signature] = token.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'usr_somebody' })).toString('base64url')
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'run+jwt' })).toString('base64url')
  const otherType = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(deriveKey('run tokens'))
  const session = await sealSession({ sub: caller.userId, session: 'ses_1', version: 1, signedInAt: 1 })
  const otherKey = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'run+jwt' })
    .sign(deriveKey('session cookies'))
  for (const bad of [`${head}.${forged}.${signature}`, `${none}.${body}.`, otherType, session, otherKey, 'Bearer', ''])
    expect(await findBearerCaller(bad, AUDIENCE)).toBeNull()
  withSettings({ APP_SECRET: 'another secret, which is long enough too' })
  expect(await findBearerCaller(token, AUDIENCE)).toBeNull()
})

test('a token that could not be minted is minted again for the next request', async () => {
  const { caller } = await signedIn({ disabledAt: new Date() })
  const sent: Request[] = []
  const send = builtinTransport(
    { userId: caller.userId, runId: 'run_1', threadId: 'thr_1' },
    AUDIENCE,
    async (request) => {
      sent.push(request as Request)
      return new Response('ok')
    },
  )
  await expect(send(AUDIENCE)).rejects.toThrow('This account can no longer be used.')
  await withSystem('admin', (tx) => tx.user.update({ where: { id: caller.userId }, data: { disabledAt: null } }))
  expect((await send(AUDIENCE)).ok).toBe(true)
  expect(sent).toHaveLength(1)
})
