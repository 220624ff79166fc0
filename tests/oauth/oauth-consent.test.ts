import { afterAll, beforeEach, expect, test } from 'vitest'
import { DELETE as disconnect } from '#app/api/me/clients/route.ts'
import { handleOauth } from '#lib/auth/oauth-server/door.ts'
import { listAuthorizedApps } from '#lib/data/oauth/oauth-grants.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { CALLBACK, challengeOf, type OauthClient, registeredClient } from '#tests/support/people/oauth-client.ts'
import { openSite } from '#tests/support/people/oauth-site.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

const site = await openSite()
afterAll(site.close)

let client: OauthClient
beforeEach(async () => {
  client = await registeredClient(site.url)
})

const begin = async (one = client) => (await one.authorize()).headers.get('location') ?? ''
const works = async (token: string) =>
  (await mcpCaller(`${site.url}/mcp`, token).post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).status
const grants = () => withSystem('tokens', (tx) => tx.oauthGrant.count())

test('a person who denies is sent back with access_denied, and no grant is stored', async () => {
  const ann = await signedIn()
  const back = await client.answer(await begin(), ann, false)
  expect([back.origin + back.pathname, Object.fromEntries(back.searchParams)]).toEqual([
    CALLBACK,
    { error: 'access_denied', error_description: 'The person did not allow it.', state: 'the-state', iss: site.url },
  ])
  expect(await listAuthorizedApps(ann.caller)).toEqual([])
})

test('only the signed-in person can answer, from our own page, in the browser that began it, once', async () => {
  const ann = await signedIn()
  const bob = await signedIn()
  const page = await begin()
  const before = await grants()
  const nobody = { headers: { cookie: '' }, caller: ann.caller }
  expect((await client.post(page, nobody)).status, 'not signed in').toBe(401)
  for (const headers of [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])
    expect((await client.post(page, ann, true, headers as never)).status, JSON.stringify(headers)).toBe(403)
  expect((await client.post(page, ann, true, { 'content-type': 'text/plain' })).status, 'a form of another site').toBe(
    415,
  )
  expect((await client.post(page, { headers: ann.headers, caller: bob.caller })).status, 'shown to somebody else').toBe(
    409,
  )
  const stranger = await registeredClient(site.url)
  expect((await stranger.post(page, ann)).status, 'another browser').toBe(404)
  expect((await client.post('/oauth/consent/unknown', ann)).status).toBe(404)
  expect(await grants()).toBe(before)
  const back = await client.answer(page, ann)
  expect(back.searchParams.get('code')).toBeTruthy()
  expect((await client.post(page, ann)).status, 'answered already').toBe(404)
  const twice = await begin()
  expect(
    [(await client.post(twice, ann, false)).status, (await client.post(twice, ann)).status],
    'a no stays a no',
  ).toEqual([200, 404])
  expect(await grants()).toBe(before + 1)
})

test('one of two simultaneous answers counts, and its code is sent to the client once', async () => {
  const ann = await signedIn()
  const before = await grants()
  for (const answers of [
    [true, false],
    [false, true],
    [true, true],
  ]) {
    const page = await begin()
    const both = await Promise.all(answers.map((allow) => client.post(page, ann, allow)))
    expect(both.map(({ status }) => status).sort()).toEqual([
      200,
      expect.toSatisfy((status) => status === 409 || status === 404),
    ])
    const told = await Promise.all(both.map((answer) => answer.json()))
    expect(told).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/answered already\. Start again/) }),
    )
    const { location } = told.find((one) => one.location)
    const ends = await Promise.all([1, 2, 3].map(() => client.browser.send(location, { headers: ann.headers })))
    const codes = ends.filter((end) => end.headers.get('location')?.startsWith(CALLBACK))
    expect(codes).toHaveLength(1)
  }
  expect(await grants()).toBeLessThanOrEqual(before + 3)
})

test('an unticked scope is not granted, and a client that needs it can ask again', async () => {
  const ann = await signedIn()
  const asked = { scope: 'openid tasks:read tasks:write notes:read' }
  const page = (await client.authorize(asked)).headers.get('location') ?? ''
  expect((await client.post(page, ann, [])).status, 'nothing is no consent').toBe(400)
  const back = await client.answer(page, ann, ['tasks:read', 'notes:write', 'admin'])
  const tokens = await (await client.exchange(back.searchParams.get('code') ?? '')).json()
  expect(tokens.scope).toBe('tasks:read')
  const door = mcpCaller(`${site.url}/mcp`, tokens.access_token)
  expect(await door.get('list_tasks')).toEqual({ tasks: [] })
  const add = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'add_task', arguments: { title: 'x' } } }
  const refused = await door.post(add)
  expect([refused.status, challengeOf(refused, 'scope')]).toEqual([403, 'tasks:read tasks:write'])
  const again = await (await client.refresh(tokens.refresh_token)).json()
  expect(again.scope, 'refreshing brings no more').toBe('tasks:read')
  expect((await client.refresh(again.refresh_token, { scope: 'tasks:read tasks:write' })).status).toBe(400)
  const more = await client.connect(ann, { scope: challengeOf(refused, 'scope') })
  expect((await mcpCaller(`${site.url}/mcp`, more.access_token).post(add)).status).toBe(200)
})

test('consent is given per request and person, and is never reused silently', async () => {
  const ann = await signedIn()
  const bob = await signedIn()
  await client.connect(ann)
  const page = await begin()
  expect(page, 'no silent consent').toMatch(/^\/oauth\/consent\//)
  const back = await client.answer(page, bob)
  const tokens = await (await client.exchange(back.searchParams.get('code') ?? '')).json()
  expect(await mcpCaller(`${site.url}/mcp`, tokens.access_token).get('whoami')).toMatchObject({
    email: bob.person.email,
  })
})

test('an authorized app is visible to and revocable by its person only, with all grants of the client', async () => {
  const ann = await signedIn()
  const bob = await signedIn()
  const [first, second] = [
    await client.connect(ann, { scope: 'tasks:read' }),
    await client.connect(ann, { scope: 'notes:read' }),
  ]
  const his = await client.connect(bob)
  await works(second.access_token)
  expect(await listAuthorizedApps(ann.caller)).toEqual([
    {
      clientId: client.clientId,
      name: 'Hand-written client',
      host: '127.0.0.1',
      scopes: expect.arrayContaining(['tasks:read', 'notes:read']),
      since: expect.any(Date),
      lastUsedAt: expect.any(Date),
    },
  ])
  const end = (headers: Record<string, string>, body: unknown = { client_id: client.clientId }) =>
    disconnect(
      new Request(`${site.url}/api/me/clients`, {
        method: 'DELETE',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    )
  const eve = await signedIn()
  expect((await end({})).status).toBe(401)
  expect((await end(eve.headers)).status).toBe(404)
  expect((await end({ ...ann.headers, origin: 'https://evil.example' })).status).toBe(403)
  expect((await end(ann.headers, {})).status).toBe(400)
  expect((await end(ann.headers, { client_id: 'a\0b' })).status).toBe(404)
  expect((await end(ann.headers)).status).toBe(200)
  expect([await works(first.access_token), await works(second.access_token), await works(his.access_token)]).toEqual([
    401, 401, 200,
  ])
  expect((await client.refresh(first.refresh_token ?? '')).status).toBe(400)
  expect((await end(ann.headers)).status).toBe(404)
  const actions = await withSystem('admin', (tx) => tx.auditEvent.findMany({ where: { actorId: ann.caller.userId } }))
  expect(actions.map(({ action }) => action).sort()).toEqual(['client_allowed', 'client_allowed', 'client_revoked'])
})

test('a grant whose code is never exchanged expires after ten minutes; one with tokens lives as long as they do', async () => {
  const ann = await signedIn()
  await client.codeFor(ann)
  const left = async () => {
    const { expiresAt } = await withSystem('tokens', (tx) =>
      tx.oauthGrant.findFirstOrThrow({ where: { ownerId: ann.caller.userId } }),
    )
    return Math.round((expiresAt.getTime() - Date.now()) / 60_000)
  }
  expect(await left()).toBe(10)
  await withSystem('tokens', (tx) => tx.oauthGrant.deleteMany({ where: { ownerId: ann.caller.userId } }))
  await client.connect(ann)
  expect(await left()).toBe(60 * 24 * 60)
})

test('the cookies of a request are limited to its paths, HttpOnly, and Secure over https', async () => {
  const cookies = async () => {
    const answer = await handleOauth(new Request(client.authorizeUrl({ resource: undefined })))
    return answer.headers.getSetCookie().filter((cookie) => !/=;/.test(cookie))
  }
  const plain = await cookies()
  expect(plain, 'two, each with its signature').toHaveLength(4)
  for (const cookie of plain)
    expect(cookie).toMatch(
      /^switchboard-consent.*; path=\/oauth\/(consent|authorize)\/[\w-]+;.*samesite=lax; httponly/i,
    )
  withSettings({ APP_URL: 'https://chat.example.com' })
  const secure = await cookies()
  expect(secure).toHaveLength(4)
  for (const cookie of secure) expect(cookie).toMatch(/; secure/i)
})
