import { expect, test } from 'vitest'
import { DELETE as revoke } from '#app/api/me/tokens/[id]/route.ts'
import { GET as list, POST as make } from '#app/api/me/tokens/route.ts'
import { callerFromBearer } from '#lib/auth/bearer.ts'
import { withSystem } from '#lib/db.ts'
import { signedIn } from '#tests/support/people.ts'

const AUDIENCE = 'http://127.0.0.1:3999/mcp'
const WISH = { name: 'laptop', scopes: ['tasks:read', 'tasks:read'], expires_in_days: 30 }

const request = (headers: { cookie: string }, method: string, json?: unknown) =>
  new Request('http://127.0.0.1:3999/api/me/tokens', {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: json === undefined ? undefined : JSON.stringify(json),
  })
const revokeAs = (headers: { cookie: string }, id: string) => revoke(request(headers, 'DELETE', {}), { params: Promise.resolve({ id }) })

test('a token is shown once, speaks for its owner with its scopes, and its use is noted', async () => {
  const { headers, caller } = await signedIn()
  const answer = await make(request(headers, 'POST', WISH))
  expect(answer.status).toBe(201)
  const { token, id } = await answer.json()
  expect(token).toMatch(/^swb_[\w-]{43}$/)
  expect(await callerFromBearer(token, AUDIENCE)).toEqual({
    userId: caller.userId,
    role: 'member',
    via: 'token',
    tokenId: id,
    scopes: ['tasks:read'],
  })
  const listed = await (await list(request(headers, 'GET'))).json()
  expect(listed.data).toEqual([
    {
      id,
      name: 'laptop',
      scopes: ['tasks:read'],
      created_at: expect.any(String),
      last_used_at: expect.any(String),
      expires_at: expect.any(String),
    },
  ])
  const rows = await withSystem('tokens', (tx) => tx.personalToken.findMany())
  const events = await withSystem('admin', (tx) => tx.auditEvent.findMany())
  expect(JSON.stringify([rows, events])).not.toContain(token.slice(4))
})

test('a revoked, expired or unknown token, and one of a disabled person, are nobody', async () => {
  const { headers, caller } = await signedIn()
  const fresh = async () => (await make(request(headers, 'POST', WISH))).json()
  const [revoked, expired, disabled] = [await fresh(), await fresh(), await fresh()]
  expect((await revokeAs(headers, revoked.id)).status).toBe(200)
  expect((await revokeAs(headers, revoked.id)).status).toBe(404)
  await withSystem('tokens', (tx) => tx.personalToken.update({ where: { id: expired.id }, data: { expiresAt: new Date(Date.now() - 1) } }))
  expect(await callerFromBearer(revoked.token, AUDIENCE)).toBeNull()
  expect(await callerFromBearer(expired.token, AUDIENCE)).toBeNull()
  expect(await callerFromBearer(`swb_${'A'.repeat(43)}`, AUDIENCE)).toBeNull()
  expect(await callerFromBearer(disabled.token, AUDIENCE)).not.toBeNull()
  await withSystem('admin', (tx) => tx.user.update({ where: { id: caller.userId }, data: { disabledAt: new Date() } }))
  expect(await callerFromBearer(disabled.token, AUDIENCE)).toBeNull()
})

test('nobody lists or revokes the tokens of others', async () => {
  const ann = await signedIn()
  const bob = await signedIn()
  const { id, token } = await (await make(request(ann.headers, 'POST', WISH))).json()
  expect(await (await list(request(bob.headers, 'GET'))).json()).toEqual({ data: [] })
  expect((await revokeAs(bob.headers, id)).status).toBe(404)
  expect(await callerFromBearer(token, AUDIENCE)).not.toBeNull()
  expect((await make(request({ cookie: '' }, 'POST', WISH))).status).toBe(401)
})

test.each([
  [{ ...WISH, name: '' }, /Name the token/],
  [{ ...WISH, scopes: [] }, /at least one permission/],
  [{ ...WISH, scopes: ['admin'] }, /does not exist/],
  [{ ...WISH, expires_in_days: 0 }, /a day at least/],
])('a bad wish is refused with a sentence: %j', async (wish, sentence) => {
  const { headers } = await signedIn()
  const refused = await make(request(headers, 'POST', wish))
  expect([refused.status, (await refused.json()).message]).toEqual([400, expect.stringMatching(sentence)])
})

test('fifty tokens are enough', async () => {
  const { headers, caller } = await signedIn()
  await withSystem('tokens', (tx) =>
    tx.personalToken.createMany({
      data: Array.from({ length: 50 }, (_, n) => ({ id: `tok_${n}`, ownerId: caller.userId, name: 'x', tokenHash: `h${n}`, scopes: [] })),
    }),
  )
  expect((await make(request(headers, 'POST', WISH))).status).toBe(409)
})
