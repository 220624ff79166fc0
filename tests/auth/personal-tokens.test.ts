import { expect, onTestFinished, test } from 'vitest'
import { DELETE as revoke } from '#app/api/me/tokens/[id]/route.ts'
import { GET as list, POST as make, DELETE as revokeAll } from '#app/api/me/tokens/route.ts'
import { startExpiry } from '#lib/agent/start-expiry.ts'
import { findBearerCaller } from '#lib/auth/tokens/find-bearer-caller.ts'
import { listAuditEvents } from '#lib/data/audit.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { processStates } from '#tests/support/process-states.ts'

const AUDIENCE = 'http://127.0.0.1:3999/mcp'
const WISH = { name: 'laptop', scopes: ['tasks:read', 'tasks:read'], expires_in_days: 30 }

const request = (headers: { cookie: string }, method: string, json?: unknown) =>
  new Request('http://127.0.0.1:3999/api/me/tokens', {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: json === undefined ? undefined : JSON.stringify(json),
  })
const revokeAs = (headers: { cookie: string }, id: string) =>
  revoke(request(headers, 'DELETE', {}), { params: Promise.resolve({ id }) })

test('a token is shown once, identifies its owner with its scopes, and records its last use', async () => {
  const { headers, caller } = await signedIn()
  const answer = await make(request(headers, 'POST', WISH))
  expect(answer.status).toBe(201)
  const { token, id } = await answer.json()
  expect(token).toMatch(/^swb_[\w-]{43}$/)
  expect(await findBearerCaller(token, AUDIENCE)).toEqual({
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

test('a revoked, expired or unknown token, or one of a disabled person, is refused', async () => {
  const { headers, caller } = await signedIn()
  const fresh = async () => (await make(request(headers, 'POST', WISH))).json()
  const [revoked, expired, disabled] = [await fresh(), await fresh(), await fresh()]
  expect((await revokeAs(headers, revoked.id)).status).toBe(200)
  expect((await revokeAs(headers, revoked.id)).status).toBe(404)
  await withSystem('tokens', (tx) =>
    tx.personalToken.update({ where: { id: expired.id }, data: { expiresAt: new Date(Date.now() - 1) } }),
  )
  expect(await findBearerCaller(revoked.token, AUDIENCE)).toBeNull()
  expect(await findBearerCaller(expired.token, AUDIENCE)).toBeNull()
  expect(await findBearerCaller(`swb_${'A'.repeat(43)}`, AUDIENCE)).toBeNull()
  expect(await findBearerCaller(disabled.token, AUDIENCE)).not.toBeNull()
  await withSystem('admin', (tx) => tx.user.update({ where: { id: caller.userId }, data: { disabledAt: new Date() } }))
  expect(await findBearerCaller(disabled.token, AUDIENCE)).toBeNull()
})

test('a person cannot list or revoke another person’s tokens', async () => {
  const ann = await signedIn()
  const bob = await signedIn()
  const { id, token } = await (await make(request(ann.headers, 'POST', WISH))).json()
  expect(await (await list(request(bob.headers, 'GET'))).json()).toEqual({ data: [], has_more: false })
  expect((await revokeAs(bob.headers, id)).status).toBe(404)
  expect(await findBearerCaller(token, AUDIENCE)).not.toBeNull()
  expect((await make(request({ cookie: '' }, 'POST', WISH))).status).toBe(401)
})

test.each([
  [{ ...WISH, name: '' }, /Name the token/],
  [{ ...WISH, scopes: [] }, /at least one permission/],
  [{ ...WISH, scopes: ['admin'] }, /does not exist/],
  [{ ...WISH, expires_in_days: 0 }, /a day at least/],
])('an invalid token request is refused with a sentence: %j', async (wish, sentence) => {
  const { headers } = await signedIn()
  const refused = await make(request(headers, 'POST', wish))
  expect([refused.status, (await refused.json()).message]).toEqual([400, expect.stringMatching(sentence)])
})

const insertTokens = (ownerId: string, count: number) =>
  withSystem('tokens', (tx) =>
    tx.personalToken.createMany({
      data: Array.from({ length: count }, (_, n) => ({
        ...{
          id: `tok_${ownerId}_${String(n).padStart(3, '0')}`,
          ownerId,
          name: `token ${n}`,
          tokenHash: `${ownerId}${n}`,
          scopes: [],
        },
        // Several are created at the same instant.
        createdAt: new Date(1_700_000_000_000 + Math.floor(n / 7) * 1000),
      })),
    }),
  )

test('a person has at most 50 tokens, even if requests race', async () => {
  const { headers, caller } = await signedIn()
  await insertTokens(caller.userId, 45)
  const answers = await Promise.all(Array.from({ length: 12 }, () => make(request(headers, 'POST', WISH))))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 201, ...Array(7).fill(409)])
  expect(await answers.find(({ status }) => status === 409)?.json()).toMatchObject({
    message: expect.stringMatching(/50 tokens already/),
  })
})

test('an expired token does not count for the limit, one without an end does', async () => {
  const { headers, caller } = await signedIn()
  await insertTokens(caller.userId, 50)
  expect((await make(request(headers, 'POST', WISH))).status).toBe(409)
  const [first] = await withSystem('tokens', (tx) => tx.personalToken.findMany({ where: { ownerId: caller.userId } }))
  await withSystem('tokens', (tx) =>
    tx.personalToken.update({ where: { id: first?.id }, data: { expiresAt: new Date(Date.now() - 1_000) } }),
  )
  expect((await make(request(headers, 'POST', WISH))).status).toBe(201)
  expect((await make(request(headers, 'POST', WISH))).status).toBe(409)
})

test('every token is on exactly one page, even if there are more than the limit allows', async () => {
  const { headers, caller } = await signedIn()
  const other = await signedIn()
  await insertTokens(caller.userId, 55)
  await insertTokens(other.caller.userId, 1)
  const ids: string[] = []
  const sizes: number[] = []
  for (let after: string | undefined, more = true; more; ) {
    const address = `http://127.0.0.1:3999/api/me/tokens${after ? `?after=${after}` : ''}`
    const page = await (await list(new Request(address, { headers }))).json()
    sizes.push(page.data.length)
    ids.push(...page.data.map(({ id }: { id: string }) => id))
    after = page.after
    more = page.has_more
  }
  expect(sizes).toEqual([20, 20, 15])
  expect(new Set(ids).size).toBe(55)
  expect([...ids].sort().reverse()).toEqual(ids)
})

test('all of a person’s tokens are revoked at once, and no one else’s', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const [one, two, his] = [
    await personalToken(ann.caller),
    await personalToken(ann.caller),
    await personalToken(bob.caller),
  ]
  const strange = await revokeAll(request({ ...ann.headers, origin: 'https://evil.example' } as never, 'DELETE', {}))
  expect(strange.status).toBe(403)
  const answer = await revokeAll(request(ann.headers, 'DELETE', {}))
  expect([answer.status, await answer.json()]).toEqual([200, { revoked: 2 }])
  expect(await Promise.all([one, two].map((token) => findBearerCaller(token, AUDIENCE)))).toEqual([null, null])
  expect(await findBearerCaller(his, AUDIENCE)).toMatchObject({ userId: bob.caller.userId })
  expect((await (await list(request(ann.headers, 'GET'))).json()).data).toEqual([])
  expect((await listAuditEvents({ action: 'tokens_revoked' })).data).toMatchObject([
    { actorId: ann.caller.userId, detail: { count: 2 } },
  ])
})

test('a token that expired is listed for 30 days, and then it is deleted, as is a revoked one', async () => {
  const { caller, headers } = await signedIn()
  for (let count = 0; count < 4; count += 1) await personalToken(caller)
  const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 3_600_000)
  const ends = [{ expiresAt: daysAgo(29) }, { expiresAt: daysAgo(31) }, { revokedAt: daysAgo(31) }, {}]
  const where = { ownerId: caller.userId }
  const tokens = await withSystem('tokens', (tx) => tx.personalToken.findMany({ where }))
  for (const [index, { id }] of tokens.entries())
    await withSystem('tokens', (tx) => tx.personalToken.update({ where: { id }, data: ends[index] ?? {} }))
  startExpiry()
  onTestFinished(() => clearInterval((processStates().get('expiry') as { timer: NodeJS.Timeout }).timer))
  const left = () => withSystem('tokens', (tx) => tx.personalToken.count({ where }))
  await expect.poll(left).toBe(2)
  const listed = await (await list(request(headers, 'GET'))).json()
  expect(listed.data.map(({ id }: { id: string }) => id).sort()).toEqual([tokens[0]?.id, tokens[3]?.id].sort())
})
