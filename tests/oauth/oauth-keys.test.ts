import { spawnSync } from 'node:child_process'
import { beforeEach, expect, test } from 'vitest'
import { handleOauth } from '#lib/auth/oauth-server/door.ts'
import { loadSigningKeys, rotateSigningKeys } from '#lib/auth/tokens/signing-keys.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { processStates } from '#tests/support/process-states.ts'
import { withSettings } from '#tests/support/settings.ts'

const HOUR = 3_600_000
const rows = () => withSystem('tokens', (tx) => tx.signingKey.findMany({ orderBy: { createdAt: 'desc' } }))
const age = (id: string, ms: number) =>
  withSystem('tokens', (tx) => tx.signingKey.update({ where: { id }, data: { createdAt: new Date(Date.now() - ms) } }))
const kids = async (now?: number) => (await loadSigningKeys(now)).map(({ kid }) => kid)

beforeEach(() => withSystem('tokens', (tx) => tx.signingKey.deleteMany()))

test('processes that start at once for the first time share one key', async () => {
  const starts = await Promise.all(Array.from({ length: 8 }, () => kids()))
  expect(new Set(starts.flat()).size).toBe(1)
  expect(await rows()).toHaveLength(1)
  expect(await kids()).toEqual(starts[0])
})

test('the stored key is sealed, and a changed bit or another purpose makes it unreadable', async () => {
  const [key] = await loadSigningKeys()
  expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', d: expect.any(String) })
  const [row] = await rows()
  expect(row?.id).toBe(key?.kid)
  for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'n'] as const) expect(row?.sealed).not.toContain(key?.[part])
  expect(JSON.parse(Buffer.from(row?.sealed.split('.')[0] ?? '', 'base64url').toString())).toEqual({
    alg: 'dir',
    enc: 'A256GCM',
  })
  const sealed = await seal('secret', 'signing keys')
  expect(await unseal(sealed, 'signing keys')).toBe('secret')
  expect(await unseal(sealed, 'client secrets'), 'for another purpose').toBeNull()
  const parts = sealed.split('.')
  parts[3] = (parts[3]?.startsWith('A') ? 'B' : 'A') + parts[3]?.slice(1)
  expect(await unseal(parts.join('.'), 'signing keys')).toBeNull()
})

test('a new key is published at once, signs after two minutes, and the replaced key is dropped a day later', async () => {
  const [first = ''] = await kids()
  await age(first, 48 * HOUR)
  const { added, dropped } = await rotateSigningKeys()
  expect(dropped).toEqual([])
  expect(await kids()).toEqual([first, added])
  expect(await kids(Date.now() + 121_000)).toEqual([added, first])
  await age(added, 23 * HOUR)
  const second = await rotateSigningKeys()
  expect([second.dropped, await kids()]).toEqual([[], [added, first, second.added]])
  await age(added, 25 * HOUR)
  await age(second.added, 2 * HOUR)
  const third = await rotateSigningKeys()
  expect([third.dropped, await kids()]).toEqual([[first], [second.added, added, third.added]])
})

test('with another APP_SECRET the old key is not used and a new one is made', async () => {
  const [first] = await kids()
  withSettings({ APP_SECRET: 'another secret of the tests, long enough' })
  const [second] = await kids()
  expect(second).not.toBe(first)
  expect(await kids()).toEqual([second])
})

test('every replica publishes the keys of the database without their private parts', async () => {
  const read = async () => {
    processStates().delete('oauth')
    return (await handleOauth(new Request('http://127.0.0.1:3999/oauth/jwks'))).json()
  }
  const [one, other] = [await read(), await read()]
  expect(one).toEqual(other)
  expect(one.keys).toEqual([
    { kty: 'RSA', kid: expect.any(String), alg: 'RS256', use: 'sig', e: 'AQAB', n: expect.any(String) },
  ])
  const { added } = await rotateSigningKeys()
  expect((await read()).keys.map(({ kid }: { kid: string }) => kid)).toContain(added)
})

test('npm run rotate-keys adds a key and says so', async () => {
  const [first] = await kids()
  const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/commands/switchboard.ts', 'rotate-keys'], {
    encoding: 'utf8',
    env: process.env,
  })
  expect([status, stderr]).toEqual([0, ''])
  const [row] = await rows()
  expect(stdout).toContain(`Key ${row?.id} signs from two minutes on`)
  expect(await kids()).toEqual([first, row?.id])
})
