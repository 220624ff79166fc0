import dns from 'node:dns'
import { afterAll, expect, test, vi } from 'vitest'
import { type FetchDocument, makeAuthorizationServer } from '#lib/auth/oauth-server/authorization-server.ts'
import { findConsentRequest } from '#lib/auth/oauth-server/consent.ts'
import { makeOauthDoor } from '#lib/auth/oauth-server/door.ts'
import { loadSigningKeys } from '#lib/auth/tokens/signing-keys.ts'
import { listAuthorizedApps } from '#lib/data/oauth/oauth-grants.ts'
import { isPublicAddress } from '#lib/platform/net/public-address.ts'
import { fetchPublic, PublicFetchError } from '#lib/platform/net/public-fetch.ts'
import { CALLBACK, OauthClient } from '#tests/support/people/oauth-client.ts'
import { openSite } from '#tests/support/people/oauth-site.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'

const DOCUMENT = 'https://client.example/oauth/client.json'
const answers = new Map<string, (request: Request) => Response | Promise<Response>>()
const asked: string[] = []
const publisher = await serve(async (request) => {
  const { pathname } = new URL(request.url)
  asked.push(pathname)
  return answers.get(pathname)?.(request) ?? new Response('nothing here', { status: 404 })
})
// The client's host name: its requests are routed to the publisher's socket.
const fetchDocument: FetchDocument = (address, { signal }) => {
  const { pathname, search } = new URL(address)
  return fetchPublic(publisher.url + pathname + search, { signal, maxBytes: 16_384, allowLoopback: true })
}
const find = async () => {
  server ??= makeAuthorizationServer(await loadSigningKeys(), fetchDocument)
  return server
}
let server: ReturnType<typeof makeAuthorizationServer> | undefined
const site = await openSite(makeOauthDoor(find), find)
afterAll(() => Promise.all([site.close(), publisher.close()]))

const document = (over: object = {}) => ({
  client_id: DOCUMENT,
  client_name: 'Published client',
  redirect_uris: [CALLBACK, 'https://client.example/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
  ...over,
})

test('a client is identified by the document at its URL, and shown with its host', async () => {
  const ann = await signedIn()
  answers.set('/oauth/client.json', () => Response.json(document()))
  const client = new OauthClient(site.url, DOCUMENT)
  const page = (await client.authorize()).headers.get('location') ?? ''
  const headers = new Headers({ cookie: client.browser.cookieFor(site.url + page) })
  expect(await findConsentRequest(page.split('/').at(-1) ?? '', headers, find)).toMatchObject({
    name: 'Published client',
    publisher: 'client.example',
    redirect: { host: '127.0.0.1', kind: 'this computer' },
  })
  const tokens = await client.connect(ann)
  expect(tokens.access_token).toMatch(/^swo_/)
  expect(await listAuthorizedApps(ann.caller)).toMatchObject([
    { clientId: DOCUMENT, name: 'Published client', host: 'client.example' },
  ])
  expect((await client.refresh(tokens.refresh_token ?? '')).status).toBe(200)
  expect(asked.filter((path) => path === '/oauth/client.json').length, 'remembered for a while').toBe(1)
})

test.each([
  ['another id', () => Response.json(document({ client_id: 'https://other.example/client.json' }))],
  ['a redirect URI over http', () => Response.json(document({ redirect_uris: ['http://client.example/callback'] }))],
  ['a javascript redirect URI', () => Response.json(document({ redirect_uris: ['javascript:alert(1)'] }))],
  ['a secret', () => Response.json(document({ client_secret: 'hunter2' }))],
  [
    'a shared secret for authentication',
    () => Response.json(document({ token_endpoint_auth_method: 'client_secret_post' })),
  ],
  ['a body that is not JSON', () => new Response('<html>')],
  ['an array', () => Response.json([document()])],
  ['an error', () => Response.json(document(), { status: 500 })],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: '/oauth/client.json' } })],
  ['too much content', () => Response.json(document({ padding: 'x'.repeat(20_000) }))],
  [
    'no end',
    () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })),
  ],
  [
    'a late answer',
    () => new Promise<Response>((resolve) => setTimeout(() => resolve(Response.json(document())), 3_500).unref()),
  ],
])('a document with %s is refused without a redirect', async (name, answer) => {
  const path = `/bad/${encodeURIComponent(name)}`
  const id = `https://client.example${path}`
  answers.set(path, async () => {
    const response = await answer()
    if (!response.headers.get('content-type')?.includes('json') || response.status !== 200) return response
    const body = await response.json()
    const right = Array.isArray(body) ? body : { ...body, client_id: body.client_id === DOCUMENT ? id : body.client_id }
    return Response.json(right)
  })
  const refused = await new OauthClient(site.url, id).authorize()
  expect([refused.status, refused.headers.get('location')]).toEqual([400, null])
  expect((await refused.json()).error).toMatch(/^invalid_(client|redirect_uri)/)
})

test.each([
  'http://client.example/client.json',
  'https://client.example/../client.json',
  'https://user@client.example/client.json',
  'https://client.example/client.json#x',
  'ftp://client.example/client.json',
  'file:///etc/passwd',
])('%s is not a client URL, and nothing is fetched', async (id) => {
  const before = asked.length
  const refused = await new OauthClient(site.url, id).authorize()
  expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_client' })])
  expect(asked.length).toBe(before)
})

const signal = () => AbortSignal.timeout(2_000)
const options = () => ({ signal: signal(), maxBytes: 1_000 })

// Everything that a stranger could write to reach this machine or its network.
test.each([
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://017700000001/',
  'https://0/',
  'https://0.0.0.0/',
  'https://10.0.0.1/',
  'https://100.64.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://192.0.0.192/',
  'https://198.18.0.1/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[::]/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:8.8.8.8]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b:1::a00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001:0:7f00:1::]/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[fe80::1]/',
  'https://[ff02::1]/',
  'https://localhost/',
  'https://LOCALHOST/',
  'https://user:pass@8.8.8.8/',
  'http://8.8.8.8/',
  'ftp://8.8.8.8/',
  'file:///etc/passwd',
  'nonsense',
])('%s is not fetched', async (address) => {
  await expect(fetchPublic(address, options())).rejects.toThrow(/public|only https|not an address/)
})

test('a host name is checked by every address that it resolves to', async () => {
  const { port } = new URL(publisher.url)
  const before = asked.length
  const lookup = vi.spyOn(dns, 'lookup') as unknown as { mockImplementation(fake: unknown): void }
  const resolvesTo = (...addresses: string[]) =>
    lookup.mockImplementation((_name: string, _options: object, done: (error: null, found: object[]) => void) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    )
  for (const addresses of [
    ['127.0.0.1'],
    ['8.8.8.8', '127.0.0.1'],
    ['10.0.0.7'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['169.254.169.254'],
    [],
  ]) {
    resolvesTo(...addresses)
    await expect(fetchPublic(`https://innocent.example:${port}/`, options()), String(addresses)).rejects.toThrow(
      /not public/,
    )
  }
  expect(asked.length).toBe(before)
})

test.each([
  ['8.8.8.8', true],
  ['1.1.1.1', true],
  ['172.15.255.255', true],
  ['172.32.0.1', true],
  ['100.63.255.255', true],
  ['2606:4700::1111', true],
  ['2a00:1450:4001::1', true],
  ['2001:db8::1', false],
  ['3fff::1', false],
  ['4000::1', false],
  ['fe80::1%eth0', false],
  ['', false],
  ['client.example', false],
])('%s is public: %s', (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected)
})

test('loopback is fetched only if a test allows it, and then also over http', async () => {
  answers.set('/ok', () => Response.json({ ok: true }, { headers: { 'cache-control': 'max-age=60' } }))
  await expect(fetchPublic(`${publisher.url}/ok`, options())).rejects.toThrow(PublicFetchError)
  const answer = await fetchPublic(`${publisher.url}/ok`, { ...options(), allowLoopback: true })
  expect([answer.status, answer.headers.get('cache-control'), await answer.json()]).toEqual([
    200,
    'max-age=60',
    { ok: true },
  ])
})
