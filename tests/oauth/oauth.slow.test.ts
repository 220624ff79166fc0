import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { makeAdapter } from '#lib/auth/oauth-server/adapter.ts'
import { makeAuthorizationServer } from '#lib/auth/oauth-server/authorization-server.ts'
import { findConsentRequest } from '#lib/auth/oauth-server/consent.ts'
import { makeOauthDoor } from '#lib/auth/oauth-server/door.ts'
import { findBearerCaller } from '#lib/auth/tokens/find-bearer-caller.ts'
import { loadSigningKeys } from '#lib/auth/tokens/signing-keys.ts'
import { listAuditEvents } from '#lib/data/audit.ts'
import { listAuthorizedApps, revokeAuthorizedApp } from '#lib/data/oauth/oauth-grants.ts'
import { endSessions } from '#lib/data/people/users.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import {
  CALLBACK,
  challengeOf,
  discover,
  OauthClient,
  registeredClient,
  type Tokens,
} from '#tests/support/people/oauth-client.ts'
import { openSite } from '#tests/support/people/oauth-site.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

const site = await openSite()
const endpoint = `${site.url}/mcp`
afterAll(site.close)

const works = async (token: string) =>
  (await mcpCaller(endpoint, token).post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).status
const errorOf = async (response: Response) => [response.status, ((await response.json()) as { error: string }).error]

test('a client that knows only the URL of /mcp gets to a tool call, refreshes its token and revokes it', async () => {
  const ann = await signedIn()
  const { resource, server } = await discover(endpoint)
  expect(resource).toEqual({
    resource: endpoint,
    resource_name: 'Switchboard',
    authorization_servers: [site.url],
    scopes_supported: ['tasks:read', 'tasks:write', 'notes:read', 'notes:write'],
    bearer_methods_supported: ['header'],
  })
  expect(server).toMatchObject({
    issuer: site.url,
    authorization_endpoint: `${site.url}/oauth/authorize`,
    token_endpoint: `${site.url}/oauth/token`,
    registration_endpoint: `${site.url}/oauth/register`,
    revocation_endpoint: `${site.url}/oauth/revoke`,
    jwks_uri: `${site.url}/oauth/jwks`,
    code_challenge_methods_supported: ['S256'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  })
  expect(await (await fetch(`${site.url}/.well-known/openid-configuration`)).json()).toEqual(server)

  const client = await registeredClient(site.url)
  const asked = await client.authorize()
  const page = asked.headers.get('location') ?? ''
  expect([asked.status, page]).toEqual([303, expect.stringMatching(/^\/oauth\/consent\/[\w-]+$/)])
  const id = page.split('/').at(-1) ?? ''
  const cookie = client.browser.cookieFor(site.url + page)
  expect(await findConsentRequest(id, new Headers({ cookie }))).toEqual({
    id,
    name: 'Hand-written client',
    publisher: null,
    redirect: { host: '127.0.0.1', kind: 'this computer' },
    scopes: ['tasks:read', 'tasks:write'],
  })
  expect(await findConsentRequest(id, new Headers()), 'in another browser').toBeNull()

  const back = await client.answer(page, ann)
  expect(back.origin + back.pathname).toBe(CALLBACK)
  expect(Object.fromEntries(back.searchParams)).toEqual({ code: expect.any(String), state: 'the-state', iss: site.url })
  const answer = await client.exchange(back.searchParams.get('code') ?? '')
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const tokens = await answer.json()
  expect(tokens).toEqual({
    access_token: expect.stringMatching(/^swo_[\w-]{43}$/),
    refresh_token: expect.stringMatching(/^swr_[\w-]{43}$/),
    expires_in: 3600,
    scope: 'tasks:read tasks:write',
    token_type: 'Bearer',
  })
  const { get } = mcpCaller(endpoint, tokens.access_token)
  await get('add_task', { title: 'by OAuth' })
  expect(await get('list_tasks')).toMatchObject({ tasks: [{ title: 'by OAuth' }] })
  const [row] = (await listToolCalls({ caller: ann.caller })).data
  expect(row).toMatchObject({ via: 'mcp', clientName: 'Hand-written client', status: 'succeeded' })
  expect(await findBearerCaller(tokens.access_token, endpoint)).toEqual({
    userId: ann.caller.userId,
    role: 'member',
    via: 'token',
    tokenId: expect.stringMatching(/^grt_/),
    scopes: ['tasks:read', 'tasks:write'],
    clientName: 'Hand-written client',
  })
  expect(await listAuthorizedApps(ann.caller)).toMatchObject([
    { name: 'Hand-written client', host: '127.0.0.1', lastUsedAt: expect.any(Date) },
  ])

  const renewed = await (await client.refresh(tokens.refresh_token)).json()
  expect(renewed.refresh_token).not.toBe(tokens.refresh_token)
  expect(await works(renewed.access_token)).toBe(200)
  expect((await client.revoke(renewed.refresh_token)).status).toBe(200)
  expect([await works(renewed.access_token), await works(tokens.access_token)]).toEqual([401, 401])
  expect(await errorOf(await client.refresh(renewed.refresh_token))).toEqual([400, 'invalid_grant'])
  expect(await listAuthorizedApps(ann.caller)).toEqual([])
})

test('a missing scope means all, a missing resource means /mcp, and unknown scopes alone are refused', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const tokens = await client.connect(ann, { scope: undefined, resource: undefined })
  expect(tokens.scope).toBe('tasks:read tasks:write notes:read notes:write')
  expect(await works(tokens.access_token)).toBe(200)
  expect((await client.connect(ann, { scope: 'files:read notes:read' })).scope).toBe('notes:read')
  const refused = new URL((await client.authorize({ scope: 'files:read' })).headers.get('location') ?? '')
  expect([refused.origin + refused.pathname, refused.searchParams.get('error')]).toEqual([CALLBACK, 'invalid_scope'])
})

test('names of inherited properties are not scopes, and NUL anywhere is a bad request', async () => {
  const client = await registeredClient(site.url)
  for (const scope of ['constructor', '__proto__ toString']) {
    const refused = new URL((await client.authorize({ scope })).headers.get('location') ?? '', site.url)
    expect([scope, refused.searchParams.get('error')]).toEqual([scope, 'invalid_scope'])
  }
  for (const over of [{ state: '\0' }, { login_hint: '\0' }, { client_id: '\0' }])
    expect(await errorOf(await client.authorize(over))).toEqual([400, 'invalid_request'])
  const unknown = new URLSearchParams({ client_id: '\0', grant_type: 'refresh_token', refresh_token: 'x' })
  expect(await errorOf(await fetch(`${site.url}/oauth/token`, { method: 'POST', body: unknown }))).toEqual([
    401,
    'invalid_client',
  ])
})

test.each([
  ['no code challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
  ['a plain code challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['another resource', { resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
  ['our own origin as the resource', { resource: 'the origin' }, 'invalid_target'],
  ['prompt=none', { prompt: 'none' }, 'login_required'],
])('%s: the client gets the error with iss and state, and the person is not asked', async (_case, over, error) => {
  const client = await registeredClient(site.url)
  const asked = 'resource' in over && over.resource === 'the origin' ? { resource: site.url } : over
  const answer = await client.authorize(asked)
  const back = new URL(answer.headers.get('location') ?? '')
  expect([
    back.origin + back.pathname,
    back.searchParams.get('error'),
    back.searchParams.get('iss'),
    back.searchParams.get('state'),
  ]).toEqual([CALLBACK, error, site.url, 'the-state'])
})

test('the implicit flow and response modes other than query are refused', async () => {
  const client = await registeredClient(site.url)
  const back = (await client.authorize({ response_type: 'token' })).headers.get('location') ?? ''
  expect(back).toMatch(new RegExp(`^${CALLBACK}#error=(unsupported_response_type|unauthorized_client)&`))
  for (const response_mode of ['form_post', 'fragment', 'web_message'])
    expect(await errorOf(await client.authorize({ response_mode }))).toEqual([400, 'invalid_request'])
})

test('an unregistered redirect URI is refused without a redirect; any port of 127.0.0.1 matches', async () => {
  const client = await registeredClient(site.url)
  for (const redirect_uri of [
    'https://evil.example/callback',
    'http://127.0.0.1:45871/other',
    'http://127.0.0.1.evil.example:45871/callback',
    'http://localhost:45871/callback',
    `${CALLBACK}?x=1`,
    `${CALLBACK}/../callback`,
  ]) {
    const answer = await client.authorize({ redirect_uri })
    expect([redirect_uri, answer.status, answer.headers.get('location')]).toEqual([redirect_uri, 400, null])
    expect(await answer.json()).toMatchObject({ error: 'invalid_redirect_uri' })
    const page = await client.browser.send(answer.url, { headers: { accept: 'text/html' } })
    expect(page.headers.get('location')).toBe('/oauth/consent/problem?code=invalid_redirect_uri')
  }
  expect((await client.authorize({ redirect_uri: 'http://127.0.0.1:1/callback' })).headers.get('location')).toMatch(
    /^\/oauth\/consent\//,
  )
  expect(await errorOf(await new OauthClient(site.url, 'client_unknown').authorize())).toEqual([400, 'invalid_client'])
})

test('a code works once, for its client, verifier, redirect URI and resource; a second use revokes its tokens', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const other = await registeredClient(site.url)
  const code = await client.codeFor(ann)
  const invalid = [400, 'invalid_grant']
  expect(await errorOf(await client.exchange(code, { code_verifier: undefined }))).toEqual(invalid)
  expect(await errorOf(await client.exchange(code, { code_verifier: 'a'.repeat(43) }))).toEqual(invalid)
  expect(await errorOf(await client.exchange(code, { redirect_uri: 'http://127.0.0.1:1/callback' }))).toEqual(invalid)
  expect(await errorOf(await client.exchange(code, { client_id: other.clientId }))).toEqual(invalid)
  const first = await (await client.exchange(code)).json()
  expect(await works(first.access_token)).toBe(200)
  expect(await errorOf(await client.exchange(code))).toEqual(invalid)
  expect(await works(first.access_token)).toBe(401)
  expect(await errorOf(await client.refresh(first.refresh_token))).toEqual(invalid)
  const elsewhere = await client.exchange(await client.codeFor(ann), { resource: 'https://elsewhere.example/mcp' })
  expect(await errorOf(elsewhere)).toEqual([400, 'invalid_target'])
})

/** Moves the first uses of a person's refresh tokens into the past, by so many seconds. */
const later = ({ caller }: Awaited<ReturnType<typeof signedIn>>, seconds: number) =>
  withSystem(
    'tokens',
    (tx) => tx.$executeRaw`
      UPDATE oauth_records SET consumed_at = consumed_at - ${seconds}::integer * interval '1 second' WHERE owner_id = ${caller.userId}`,
  )
const pairOf = async (response: Response) => (await response.json()) as Required<Tokens>
const reuses = async () => (await listAuditEvents({ action: 'client_token_reused' })).data

test('a client that refreshes four times at once gets four working pairs', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const first = await client.connect(ann)
  const answers = await Promise.all(Array.from({ length: 4 }, () => client.refresh(first.refresh_token ?? '')))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const pairs = await Promise.all(answers.map(pairOf))
  expect(new Set(pairs.flatMap((pair) => [pair.access_token, pair.refresh_token])).size).toBe(8)
  for (const { access_token } of pairs) expect(await works(access_token)).toBe(200)
  const next = await Promise.all(pairs.map(({ refresh_token }) => client.refresh(refresh_token)))
  expect(next.map(({ status }) => status)).toEqual([200, 200, 200, 200])
})

test('two replicas count the uses of a refresh token together', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const { refresh_token: token = '' } = await client.connect(ann)
  const replica = makeAuthorizationServer(await loadSigningKeys())
  const there = await serve(makeOauthDoor(async () => replica))
  try {
    const body = new URLSearchParams({ client_id: client.clientId, grant_type: 'refresh_token', refresh_token: token })
    const refreshThere = () => fetch(`${there.url}/oauth/token`, { method: 'POST', body })
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => (n % 2 ? refreshThere() : client.refresh(token))),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
    expect((await refreshThere()).status).toBe(400)
    expect(await listAuthorizedApps(ann.caller), 'the seventh ended it').toEqual([])
  } finally {
    await there.close()
  }
})

test('a refresh token can be used six times within 30 s; a seventh use ends the connection', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const { refresh_token: token = '' } = await client.connect(ann)
  const pairs = []
  for (let use = 1; use <= 6; use += 1) {
    pairs.push(await pairOf(await client.refresh(token)))
    // Each use does not restart the time: six uses within 25 seconds.
    await later(ann, 5)
  }
  expect(await errorOf(await client.refresh(token))).toEqual([400, 'invalid_grant'])
  for (const pair of pairs)
    expect([await works(pair.access_token), (await client.refresh(pair.refresh_token)).status]).toEqual([401, 400])
  expect(await listAuthorizedApps(ann.caller)).toEqual([])
  expect((await reuses())[0]).toMatchObject({ subject: ann.caller.userId, detail: { client: 'Hand-written client' } })
})

test('a use more than 30 s after the first one ends the connection, even if there was one in between', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const { refresh_token: token = '' } = await client.connect(ann)
  const second = await pairOf(await client.refresh(token))
  await later(ann, 20)
  expect((await client.refresh(token)).status).toBe(200)
  await later(ann, 11)
  expect(await errorOf(await client.refresh(token))).toEqual([400, 'invalid_grant'])
  expect(await works(second.access_token)).toBe(401)
})

test('30 s after one sibling was used, using another ends the connection', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const { refresh_token: token = '' } = await client.connect(ann)
  const [one, other, third] = [
    await pairOf(await client.refresh(token)),
    await pairOf(await client.refresh(token)),
    await pairOf(await client.refresh(token)),
  ]
  await later(ann, 3_600)
  const going = await pairOf(await client.refresh(one.refresh_token))
  await later(ann, 20)
  expect((await client.refresh(other.refresh_token)).status).toBe(200)
  expect(await works(going.access_token)).toBe(200)
  await later(ann, 11)
  const before = (await reuses()).length
  expect(await errorOf(await client.refresh(third.refresh_token))).toEqual([400, 'invalid_grant'])
  expect(await works(going.access_token)).toBe(401)
  expect((await reuses()).length).toBe(before + 1)
})

test('a repeated refresh can ask for the same scope or less, never more, and a refusal does not count as a use', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const { refresh_token: token = '' } = await client.connect(ann)
  for (let use = 1; use <= 8; use += 1)
    expect(await errorOf(await client.refresh(token, { scope: 'tasks:read notes:write' }))).toEqual([
      400,
      'invalid_scope',
    ])
  for (let use = 1; use <= 8; use += 1)
    expect(await errorOf(await client.refresh(token, { resource: 'https://elsewhere.example/mcp' }))).toEqual([
      400,
      'invalid_target',
    ])
  const narrow = await pairOf(await client.refresh(token, { scope: 'tasks:read' }))
  expect(narrow.scope).toBe('tasks:read')
  expect((await client.refresh(token)).status).toBe(200)
  expect(await errorOf(await client.refresh(narrow.refresh_token, { scope: 'notes:write' }))).toEqual([
    400,
    'invalid_scope',
  ])
})

test('there is no grace for a barred person or a revoked grant', async () => {
  const [ann, bob, eve] = [await signedIn(), await signedIn(), await signedIn()]
  const client = await registeredClient(site.url)
  const spent = async (person: typeof ann) => {
    const { refresh_token: token = '' } = await client.connect(person)
    expect((await client.refresh(token)).status).toBe(200)
    return token
  }
  const [signedOut, disabled, revoked] = [await spent(ann), await spent(bob), await spent(eve)]
  const before = (await reuses()).length
  await endSessions(ann.caller)
  await withSystem('admin', (tx) =>
    tx.user.update({ where: { id: bob.caller.userId }, data: { disabledAt: new Date() } }),
  )
  await revokeAuthorizedApp(eve.caller, client.clientId)
  for (const token of [signedOut, disabled, revoked])
    expect(await errorOf(await client.refresh(token))).toEqual([400, 'invalid_grant'])
  expect((await reuses()).length).toBe(before)
})

test('a reuse ends only its own connection; another client can neither use nor end it', async () => {
  const ann = await signedIn()
  const [client, other] = [await registeredClient(site.url), await registeredClient(site.url)]
  const [one, two] = [await client.connect(ann), await client.connect(ann)]
  const theirs = await other.connect(ann)
  expect(await errorOf(await other.refresh(one.refresh_token ?? ''))).toEqual([400, 'invalid_grant'])
  const next = await pairOf(await client.refresh(one.refresh_token ?? ''))
  expect(await errorOf(await other.refresh(one.refresh_token ?? ''))).toEqual([400, 'invalid_grant'])
  expect(await works(next.access_token)).toBe(200)
  await later(ann, 31)
  expect(await errorOf(await client.refresh(one.refresh_token ?? ''))).toEqual([400, 'invalid_grant'])
  expect([await works(next.access_token), await works(two.access_token), await works(theirs.access_token)]).toEqual([
    401, 200, 200,
  ])
  expect((await client.refresh(two.refresh_token ?? '')).status).toBe(200)
  for (const wrong of [two.access_token, theirs.refresh_token ?? '', 'swr_unknown'])
    expect(await errorOf(await client.refresh(wrong))).toEqual([400, 'invalid_grant'])
  expect(await works(theirs.access_token)).toBe(200)
})

test('a token for a grant that has ended is refused with invalid_grant', async () => {
  const token = { kind: 'AccessToken', grantId: 'grt_ended' }
  await expect(makeAdapter('AccessToken', endpoint).upsert('swo_late', token, 60)).rejects.toMatchObject({
    error: 'invalid_grant',
  })
})

test('a token that lacks a scope is told which to ask for, and gets it with a new consent', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const reader = await client.connect(ann, { scope: 'tasks:read' })
  const call = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'add_task', arguments: { title: 'stepped up' } },
  }
  const refused = await mcpCaller(endpoint, reader.access_token).post(call)
  expect([refused.status, challengeOf(refused, 'error'), challengeOf(refused, 'resource_metadata')]).toEqual([
    403,
    'insufficient_scope',
    `${site.url}/.well-known/oauth-protected-resource/mcp`,
  ])
  const scope = challengeOf(refused, 'scope')
  expect(scope).toBe('tasks:read tasks:write')
  const writer = await client.connect(ann, { scope })
  await mcpCaller(endpoint, writer.access_token).get('add_task', { title: 'stepped up' })
  expect(await listAuthorizedApps(ann.caller)).toMatchObject([
    { scopes: expect.arrayContaining(['tasks:read', 'tasks:write']) },
  ])
})

test('a token is valid only for /mcp here, and ends with the account and with "sign out everywhere"', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const tokens = await client.connect(ann)
  for (const audience of [site.url, `${site.url}/`, `${site.url}/mcp/`, 'https://elsewhere.example/mcp'])
    expect(await findBearerCaller(tokens.access_token, audience), audience).toBeNull()
  expect(await works(tokens.refresh_token ?? ''), 'a refresh token is no access token').toBe(401)
  const rows = await withSystem('tokens', (tx) => tx.oauthRecord.findMany())
  for (const secret of Object.values(tokens))
    if (/^sw._/.test(String(secret))) expect(JSON.stringify(rows)).not.toContain(String(secret).slice(4))
  const waiting = await client.codeFor(ann)
  await endSessions(ann.caller)
  expect(await works(tokens.access_token)).toBe(401)
  expect(await errorOf(await client.refresh(tokens.refresh_token ?? ''))).toEqual([400, 'invalid_grant'])
  expect(await errorOf(await client.exchange(waiting))).toEqual([400, 'invalid_grant'])
  expect(await listAuthorizedApps(ann.caller)).toEqual([])

  const bob = await signedIn()
  const his = await client.connect(bob)
  await withSystem('admin', (tx) =>
    tx.user.update({ where: { id: bob.caller.userId }, data: { disabledAt: new Date() } }),
  )
  expect(await works(his.access_token)).toBe(401)
  expect(await errorOf(await client.refresh(his.refresh_token ?? ''))).toEqual([400, 'invalid_grant'])
  await withSystem('admin', (tx) => tx.user.delete({ where: { id: bob.caller.userId } }))
  expect(await withSystem('tokens', (tx) => tx.oauthGrant.count({ where: { ownerId: bob.caller.userId } }))).toBe(0)
})

test('only its own client can revoke a token, which ends the connection', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const other = await registeredClient(site.url)
  const tokens = await client.connect(ann)
  expect((await client.revoke(tokens.access_token, { client_id: other.clientId })).status).toBe(200)
  expect((await client.revoke('swo_unknown')).status).toBe(200)
  expect(await works(tokens.access_token)).toBe(200)
  expect((await client.revoke(tokens.access_token, { token_type_hint: 'access_token' })).status).toBe(200)
  expect([await works(tokens.access_token), (await client.refresh(tokens.refresh_token ?? '')).status]).toEqual([
    401, 400,
  ])
})

test('with openid the client gets an ID token, signed by a published key', async () => {
  const ann = await signedIn()
  const client = await registeredClient(site.url)
  const { id_token: idToken, scope } = await client.connect(ann, { scope: 'openid tasks:read', nonce: 'the-nonce' })
  const { payload } = await jwtVerify(idToken ?? '', createRemoteJWKSet(new URL(`${site.url}/oauth/jwks`)), {
    issuer: site.url,
    audience: client.clientId,
    algorithms: ['RS256'],
  })
  expect([payload.sub, payload.nonce, scope]).toEqual([ann.caller.userId, 'the-nonce', 'tasks:read'])
  const { keys } = await (await fetch(`${site.url}/oauth/jwks`)).json()
  expect(keys.flatMap(Object.keys)).not.toContain('d')
})
