import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { saveOauthClient } from '#lib/data/oauth/oauth-clients.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { OauthClient, register, registeredClient } from '#tests/support/people/oauth-client.ts'
import { openSite } from '#tests/support/people/oauth-site.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const site = await openSite()
const endpoint = `${site.url}/mcp`
afterAll(site.close)
beforeEach(() => withSystem('admin', (tx) => tx.rateLimiterFlexible.deleteMany()))

test.each([
  [
    'an editor',
    {
      redirect_uris: ['http://127.0.0.1/', 'http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      application_type: 'native',
    },
  ],
  ['a hosted app', { redirect_uris: ['https://app.example.com/callback'], client_uri: 'https://app.example.com' }],
  ['an app with its own URI scheme', { redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'] }],
  ['one with a reverse-domain scheme', { redirect_uris: ['com.example.app:/oauth/callback'] }],
  [
    'one of many editors',
    { redirect_uris: ['vscode://publisher.extension/callback', 'zed://oauth', 'msteams-like-app://callback'] },
  ],
  [
    'a tool on this machine that calls itself a web app',
    { redirect_uris: ['http://localhost:6274/oauth/callback'], application_type: 'web' },
  ],
  ['one that names scopes, ours or not', { scope: 'tasks:read mcp:everything' }],
  ['one without a name', { client_name: undefined }],
  ['one without grant types', { grant_types: undefined, response_types: undefined }],
  ['one with a secret', { token_endpoint_auth_method: 'client_secret_basic' }],
])('%s can register', async (_case, metadata) => {
  const answer = await register(endpoint, metadata)
  const registered = await answer.json()
  expect([answer.status, registered.error_description]).toEqual([201, undefined])
  expect(registered).toMatchObject({ client_id: expect.stringMatching(/^client_[\w-]{22}$/) })
  expect(registered.grant_types).toEqual(
    'grant_types' in metadata && !metadata.grant_types
      ? ['authorization_code']
      : ['authorization_code', 'refresh_token'],
  )
  expect(registered.scope).toBeUndefined()
  const redirect_uri = 'redirect_uris' in metadata ? metadata.redirect_uris[0] : undefined
  const asked = await new OauthClient(site.url, registered.client_id).authorize(redirect_uri ? { redirect_uri } : {})
  expect(asked.headers.get('location')).toMatch(/^\/oauth\/consent\//)
})

test.each([
  ['a redirect over http', { redirect_uris: ['http://app.example.com/callback'] }, /https/],
  ['a javascript redirect', { redirect_uris: ['javascript:alert(1)'] }, /scheme/],
  ['a data redirect', { redirect_uris: ['data:text/html,x'] }, /scheme/],
  ['an address with NUL', { client_uri: 'https://app.example.com/\0' }, /stored/],
  ['a lone surrogate', { tos_uri: 'https://app.example.com/\ud800' }, /stored/],
  ['a redirect to a mailbox', { redirect_uris: ['mailto:eve@example.com'] }, /no app's own/],
  ['a redirect to another protocol', { redirect_uris: ['wss://app.example.com/'] }, /no app's own/],
  ['a redirect to any host', { redirect_uris: ['https://*.example.com/callback'] }, /one host/],
  ['a redirect to any host at all', { redirect_uris: ['https://*/callback'] }, /one host/],
  [
    'a redirect to a host with an encoded wildcard',
    { redirect_uris: ['https://%2a.example.com/callback'] },
    /one host/,
  ],
  ['a redirect of an app to any host', { redirect_uris: ['cursor://*.example.com/callback'] }, /one host/],
  [
    'a redirect that programs read differently',
    { redirect_uris: ['https://app.example.com\\@evil.example/'] },
    /ASCII/,
  ],
  ['a redirect with spaces', { redirect_uris: [' https://app.example.com/'] }, /without spaces/],
  ['a redirect with letters outside ASCII', { redirect_uris: ['https://\u0430pp.example.com/'] }, /ASCII/],
  ['a redirect with a fragment', { redirect_uris: ['https://app.example.com/#x'] }, /fragment/],
  ['a redirect with a password', { redirect_uris: ['https://a:b@app.example.com/'] }, /password/],
  ['no redirect', { redirect_uris: [] }, /redirect_uris/],
  ['a redirect that is not a URL', { redirect_uris: ['nonsense'] }, /addresses/],
  ['a very long redirect', { redirect_uris: [`https://app.example.com/${'x'.repeat(1_000)}`] }, /1000/],
  [
    'very many redirects',
    { redirect_uris: Array.from({ length: 21 }, (_, n) => `https://app.example.com/${n}`) },
    /20/,
  ],
  ['a name with a bidi override', { client_name: 'Trusted \u202E app' }, /client_name/],
  ['a name of several lines', { client_name: 'Trusted\napp' }, /client_name/],
  ['a very long name', { client_name: 'x'.repeat(101) }, /client_name/],
  ['a name that is not a string', { client_name: 7 }, /client_name/],
  [
    'an unsupported authentication method',
    { token_endpoint_auth_method: 'tls_client_auth' },
    /token_endpoint_auth_method/,
  ],
])('%s is refused, and nothing is stored', async (_case, metadata, sentence) => {
  const count = () => withSystem('tokens', (tx) => tx.oauthClient.count())
  const before = await count()
  const answer = await register(endpoint, metadata)
  expect([answer.status, await answer.json()]).toEqual([
    400,
    {
      error: expect.stringMatching(/^invalid_(redirect_uri|client_metadata)$/),
      error_description: expect.stringMatching(sentence),
    },
  ])
  expect(await count()).toBe(before)
})

test.each([
  'ms-msdt:/id',
  'ms-msdt://x/y',
  'search-ms://query=x',
  'ms-appinstaller://?source=x',
  'ms-word:ofe',
  'MS-Settings://x',
  'shell:startup',
  'chrome://settings',
  'chrome-extension://abc/x',
  'edge://x',
  'about:blank',
  'jar:https://a.example/x!/y',
  'moz-extension://a/b',
  'filesystem:https://a.example/temporary/x',
  'blob:https://a.example/x',
  'file:///etc/passwd',
  'view-source:https://a.example',
  'x-apple.systempreferences:x',
  'x-man-page://ls',
  'applescript://x',
  'itms-services://?x',
  'intent://x',
  'android-app://x',
  'telnet://a.example',
  'smb://a.example/x',
  'vnc://a.example',
  'webcal://a.example',
  'tel:1',
  'facetime:a@b',
  'magnet:?xt=x',
  'jnlps://a.example/x',
  'onenote-cmd://x',
  'ms-its:x',
  'its:x',
  'odopen://sync?x',
  'steam://run/1',
  'x-help-action://openApp?x',
  'zoommtg://zoom.us/join',
])('%s is not a valid redirect URI of an app', async (uri) => {
  const answer = await register(endpoint, { redirect_uris: [uri] })
  expect([answer.status, (await answer.json()).error]).toEqual([
    400,
    expect.stringMatching(/^invalid_(redirect_uri|client_metadata)$/),
  ])
})

test('malformed, oversized and too many registrations are refused with OAuth errors', async () => {
  const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    fetch(`${site.url}/oauth/register`, { method: 'POST', headers, body })
  for (const body of ['{', '[]', '7', 'null', '']) expect([body, (await post(body)).status]).toEqual([body, 400])
  expect((await post(JSON.stringify({ client_name: 'x'.repeat(20_000) }))).status).toBe(413)
  for (const field of ['redirect_uris', 'contacts', 'unknown']) {
    const deep = await post(`{"${field}":${'['.repeat(7_000)}${']'.repeat(7_000)}}`)
    expect([field, deep.status, await deep.json()]).toMatchObject([field, 400, { error: 'invalid_request' }])
  }
  expect((await fetch(`${site.url}/oauth/register`)).status).toBe(405)
  withSettings({ TRUSTED_PROXIES: '1' })
  const from = (address: string) => post('{}', { 'content-type': 'application/json', 'x-forwarded-for': address })
  for (let n = 0; n < 20; n += 1) expect((await from('198.51.100.7')).status).toBe(400)
  const limited = await from('198.51.100.7')
  expect([limited.status, Number(limited.headers.get('retry-after')) > 0, (await limited.json()).error]).toEqual([
    429,
    true,
    'temporarily_unavailable',
  ])
  expect((await from('198.51.100.8')).status).toBe(400)
})

test('a client secret is stored sealed, and is required to authenticate the client', async () => {
  const ann = await signedIn()
  const { client_id: id, client_secret: secret } = await (
    await register(endpoint, { token_endpoint_auth_method: 'client_secret_basic' })
  ).json()
  const row = await withSystem('tokens', (tx) => tx.oauthClient.findUniqueOrThrow({ where: { id } }))
  expect(JSON.stringify(row)).not.toContain(secret)
  const client = new OauthClient(site.url, id)
  const ask = async (given: string) => {
    const authorization = `Basic ${Buffer.from(`${id}:${given}`).toString('base64')}`
    const params = {
      code: await client.codeFor(ann),
      redirect_uri: 'http://127.0.0.1:45871/callback',
      code_verifier: client.verifier,
    }
    return client.token(
      { grant_type: 'authorization_code', client_id: undefined, ...params },
      given ? { authorization } : {},
    )
  }
  expect((await ask('wrong')).status).toBe(401)
  expect((await ask('')).status).toBe(400)
  expect((await ask(secret)).status).toBe(200)
  withSettings({ APP_SECRET: 'another secret of the tests, long enough' })
  expect((await client.authorize()).status, 'sealed under another APP_SECRET').toBe(400)
})

test('a private_key_jwt assertion is accepted once', async () => {
  const ann = await signedIn()
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] }
  const { client_id: id } = await (
    await register(endpoint, { token_endpoint_auth_method: 'private_key_jwt', jwks })
  ).json()
  const client = new OauthClient(site.url, id)
  const prove = (key: CryptoKey, audience = site.url) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(audience)
      .setJti(crypto.randomUUID())
      .setExpirationTime('1m')
      .sign(key)
  const ask = async (proof: string, code?: string) =>
    client.exchange(code ?? (await client.codeFor(ann)), {
      client_id: undefined,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: proof,
    })
  const proof = await prove(privateKey)
  expect((await ask(proof)).status).toBe(200)
  expect((await ask(proof)).status, 'the same proof again').toBe(401)
  const [once, codes] = [
    await prove(privateKey),
    await Promise.all(Array.from({ length: 5 }, () => client.codeFor(ann))),
  ]
  const together = await Promise.all(codes.map((code) => ask(once, code)))
  expect(together.map(({ status }) => status).sort(), 'the same proof at the same moment').toEqual([
    200, 401, 401, 401, 401,
  ])
  expect((await ask(await prove((await generateKeyPair('ES256')).privateKey))).status, 'by another key').toBe(401)
  expect((await ask(await prove(privateKey, 'https://elsewhere.example'))).status, 'for another server').toBe(401)
  expect((await client.exchange(await client.codeFor(ann))).status, 'without').toBe(401)
})

test('a client that was ever allowed is never removed; one that was never allowed is removed after 90 days', async () => {
  const [used, unused, fresh] = [
    await registeredClient(site.url),
    await registeredClient(site.url),
    await registeredClient(site.url),
  ]
  await used.connect(await signedIn())
  const old = [used.clientId, unused.clientId]
  await withSystem('tokens', (tx) =>
    tx.oauthClient.updateMany({
      where: { id: { in: old } },
      data: { createdAt: new Date(Date.now() - 91 * 86_400_000) },
    }),
  )
  await saveOauthClient('client_next', { metadata: {}, sealedSecret: null })
  const left = await withSystem('tokens', (tx) =>
    tx.oauthClient.findMany({ where: { id: { in: [...old, fresh.clientId] } } }),
  )
  expect(left.map(({ id }) => id).sort()).toEqual([used.clientId, fresh.clientId].sort())
})

test('the number of clients that were never allowed is limited; the newest stay, and so does an allowed one', async () => {
  const ids = Array.from({ length: 6 }, (_, n) => `client_waiting_${n}`)
  await withSystem('tokens', (tx) => tx.oauthClient.deleteMany())
  for (const id of ids) await saveOauthClient(id, { metadata: {}, sealedSecret: null })
  await withSystem('tokens', async (tx) => {
    for (const [n, id] of ids.entries())
      await tx.oauthClient.update({ where: { id }, data: { createdAt: new Date(Date.now() - 60_000 + n) } })
    await tx.oauthClient.update({ where: { id: ids[0] ?? '' }, data: { allowedAt: new Date() } })
  })
  await saveOauthClient('client_waiting_6', { metadata: {}, sealedSecret: null }, 3)
  const left = await withSystem('tokens', (tx) => tx.oauthClient.findMany({ orderBy: { createdAt: 'asc' } }))
  expect(left.map(({ id }) => id)).toEqual([0, 3, 4, 5, 6].map((n) => `client_waiting_${n}`))
})

test('browser clients may read the endpoints without cookies, and no other endpoint of the library is reachable', async () => {
  const headers = { origin: 'https://inspector.example', 'access-control-request-method': 'POST' }
  for (const path of [
    '/oauth/token',
    '/oauth/register',
    '/oauth/revoke',
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-protected-resource/mcp',
  ]) {
    const answer = await fetch(site.url + path, { method: 'OPTIONS', headers })
    expect([path, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([path, 204, '*'])
  }
  const resource = await fetch(`${site.url}/.well-known/oauth-protected-resource`, { headers })
  expect([resource.status, resource.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
  const registered = await fetch(`${site.url}/oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ grant_type: 'x' }),
  })
  expect([registered.status, registered.headers.get('access-control-allow-origin')]).toEqual([400, '*'])
  expect(
    (await fetch(`${site.url}/oauth/authorize`, { headers })).headers.get('access-control-allow-origin'),
  ).toBeNull()
  for (const path of [
    '/oauth',
    '/oauth/me',
    '/oauth/session/end',
    '/session/end/confirm',
    '/oauth/register/client_1',
    '/.well-known/webfinger',
    '/oauth/token/x',
  ])
    expect([path, (await fetch(site.url + path, { method: 'POST' })).status]).toEqual([path, 404])
})

test('MCP_BUILTIN=off removes /mcp and every OAuth endpoint', async () => {
  withSettings({ MCP_BUILTIN: 'off' })
  for (const path of [
    '/mcp',
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/oauth/authorize',
    '/oauth/jwks',
  ])
    expect([path, (await fetch(site.url + path)).status]).toEqual([path, 404])
  for (const path of ['/oauth/token', '/oauth/register', '/oauth/revoke'])
    expect([path, (await fetch(site.url + path, { method: 'POST' })).status]).toEqual([path, 404])
})
