import { NextRequest } from 'next/server'
import { expect, test } from 'vitest'
import { route } from '#lib/auth/route.ts'
import { nameSessionCookie } from '#lib/auth/sessions/session.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import {
  CHATKIT_ORIGIN,
  INERT_POLICY,
  makeContentSecurityPolicy,
  STATIC_HEADERS,
} from '#lib/platform/http/security-headers.ts'
import { withSettings } from '#tests/support/settings.ts'
import nextConfig from '../../next.config.ts'
import { config, proxy } from '../../proxy.ts'

function visit(
  path: string,
  { method = 'GET', ...headers }: { cookie?: string; origin?: string; method?: string } = {},
) {
  return proxy(new NextRequest(new URL(path, process.env.APP_URL), { method, headers }))
}

function directives(policy: string | null): Record<string, string[]> {
  return Object.fromEntries(
    (policy ?? '').split('; ').map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1)]),
  )
}

const signedInCookie = () => `${nameSessionCookie().name}=anything`

test('a page’s policy allows only scripts and styles with its nonce or from our own origin', () => {
  const response = visit('/sign-in')
  const policy = directives(response.headers.get('content-security-policy'))
  const nonce = policy['script-src']?.find((source) => source.startsWith("'nonce-"))
  expect(policy['script-src']).toEqual(["'self'", nonce, "'strict-dynamic'"])
  expect(policy['style-src']).toEqual(["'self'", nonce])
  expect(policy).toMatchObject({
    'default-src': ["'none'"],
    'connect-src': ["'self'"],
    'worker-src': ["'self'"],
    'frame-src': ["'none'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
  })
  expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe|https?:|\*/)
})

test('Next and the layout get the same nonce, and every response has its own', () => {
  const nonces = [visit('/sign-in'), visit('/sign-in')].map((response) => {
    const nonce = response.headers.get('x-middleware-request-x-nonce')
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/)
    expect(response.headers.get('content-security-policy')).toContain(`'nonce-${nonce}'`)
    expect(response.headers.get('x-middleware-request-content-security-policy')).toContain(`'nonce-${nonce}'`)
    return nonce
  })
  expect(nonces[0]).not.toBe(nonces[1])
})

test('a nonce from the request is not used', () => {
  const response = proxy(
    new NextRequest('http://127.0.0.1:3999/sign-in', {
      headers: { 'x-nonce': 'mine', 'content-security-policy': "script-src 'nonce-mine'" },
    }),
  )
  expect(response.headers.get('x-middleware-request-x-nonce')).not.toBe('mine')
  expect(response.headers.get('x-middleware-request-content-security-policy')).not.toContain('mine')
})

test('hosted ChatKit adds its one origin to the policy and no other', () => {
  withSettings({ CHATKIT_DOMAIN_KEY: 'domain_pk_test' })
  const policy = visit('/sign-in').headers.get('content-security-policy') ?? ''
  const named = Object.entries(directives(policy)).filter(([, sources]) =>
    sources.some((source) => source.includes('://')),
  )
  expect(named.map(([name]) => name).sort()).toEqual(['connect-src', 'frame-src', 'script-src'])
  expect(new Set(policy.match(/https?:\/\/[^\s;]+/g))).toEqual(new Set([CHATKIT_ORIGIN]))
})

test('HSTS and upgrade-insecure-requests are sent only if APP_URL is https', () => {
  expect(visit('/sign-in').headers.get('strict-transport-security')).toBeNull()
  withSettings({ APP_URL: 'https://chat.example.com' })
  const { headers } = visit('/sign-in')
  expect(headers.get('strict-transport-security')).toBe('max-age=31536000')
  expect(headers.get('content-security-policy')).toContain('upgrade-insecure-requests')
})

test('only the development policy allows unsafe-eval', () => {
  const options = { nonce: 'n', appUrl: 'http://127.0.0.1', hostedChatKit: false }
  expect(makeContentSecurityPolicy({ ...options, development: true })).toContain("'unsafe-eval'")
  expect(makeContentSecurityPolicy({ ...options, development: false })).not.toContain('unsafe')
})

test.each([
  ['/', '/sign-in'],
  ['/chat', '/sign-in'],
  ['/chat/thr_1', '/sign-in?callbackUrl=%2Fchat%2Fthr_1'],
  ['/admin/tool-calls?status=failed', '/sign-in?callbackUrl=%2Fadmin%2Ftool-calls%3Fstatus%3Dfailed'],
  ['/settings', '/sign-in?callbackUrl=%2Fsettings'],
])('a visitor without a session who opens %s is sent to %s', (path, to) => {
  const location = new URL(visit(path).headers.get('location') ?? '')
  expect(location.pathname + location.search).toBe(to)
})

test('the pages before sign-in, a form post and a request with a session cookie are not redirected', () => {
  for (const path of ['/sign-in', '/sign-up', '/set-up', '/reset-password', '/administrator', '/chatter'])
    expect(visit(path).headers.get('location'), path).toBeNull()
  expect(visit('/settings', { method: 'POST' }).headers.get('location')).toBeNull()
  expect(visit('/chat', { cookie: signedInCookie() }).headers.get('location')).toBeNull()
})

test('a POST from another site to a page is refused with a sentence, and a link from there works', async () => {
  const sent = visit('/admin/people', { cookie: signedInCookie(), method: 'POST', origin: 'https://evil.example' })
  expect(sent.status).toBe(403)
  expect(await sent.json()).toMatchObject({ code: 'forbidden', message: expect.stringContaining('another site') })
  const { origin } = new URL(process.env.APP_URL ?? '')
  expect(visit('/admin/people', { cookie: signedInCookie(), method: 'POST', origin }).status).toBe(200)
  expect(visit('/sign-in', { origin: 'https://evil.example' }).status).toBe(200)
})

test('API endpoints and static files bypass the proxy; pages with similar names do not', () => {
  const passes = new RegExp(`^${config.matcher[0]}$`)
  for (const path of [
    '/mcp',
    '/mcp/',
    '/api/chatkit',
    '/api/auth/callback/github',
    '/oauth/token',
    '/.well-known/oauth-authorization-server',
    '/_next/static/a.js',
    '/chatkit.js',
    '/chatkit/highlight-0123456789.js',
    '/client-metadata.json',
    '/icon.svg',
  ])
    expect(path, path).not.toMatch(passes)
  for (const path of ['/', '/chat', '/chat/thr_1', '/admin/people', '/mcp-servers', '/apiary', '/oauth/consent/abc'])
    expect(path, path).toMatch(passes)
})

test('every response has the static headers, and API responses have a policy that runs nothing', async () => {
  const rules = (await nextConfig.headers?.()) ?? []
  expect(Object.keys(STATIC_HEADERS)).toEqual(
    expect.arrayContaining([
      'x-content-type-options',
      'referrer-policy',
      'permissions-policy',
      'cross-origin-opener-policy',
    ]),
  )
  expect(rules.find(({ source }) => source === '/:path*')?.headers).toEqual(
    Object.entries(STATIC_HEADERS).map(([key, value]) => ({ key, value })),
  )
  // Headers here would override those of a route. The worker of PDF files is a file.
  const policies = rules.filter((rule) => /content-security-policy/i.test(JSON.stringify(rule)))
  const headers = [{ key: 'content-security-policy', value: "default-src 'none'; sandbox" }]
  expect(policies).toEqual([{ source: '/chatkit/:worker(pdf-worker-.*)', headers }])
  const policyOf = async (handler: () => Promise<Response>) =>
    (await route({ session: 'none' }, handler)(new Request('http://127.0.0.1:3999/api/x'))).headers.get(
      'content-security-policy',
    )
  expect(await policyOf(async () => new Response('<script>1</script>'))).toBe(INERT_POLICY)
  expect(await policyOf(() => Promise.reject(new Error('broken')))).toBe(INERT_POLICY)
  expect(await policyOf(async () => new Response('', { headers: { 'content-security-policy': 'sandbox' } }))).toBe(
    'sandbox',
  )
  expect(jsonResponse({}).headers.get('content-security-policy')).toBe(INERT_POLICY)
})

test('parts of the chat element are kept for ever, and other sites’ pages may load them', async () => {
  const rules = (await nextConfig.headers?.()) ?? []
  const headers = rules.find(({ source }) => source === '/chatkit/:part')?.headers ?? []
  expect(Object.fromEntries(headers.map(({ key, value }) => [key, value]))).toEqual({
    'cache-control': 'public, max-age=31536000, immutable',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  })
})

test('on loopback the other host name redirects to the one in APP_URL', () => {
  const at = (host: string, path = '/sign-in?error=x') =>
    proxy(new NextRequest(`http://${host}${path}`, { headers: { host } })).headers.get('location')
  expect(at('localhost:3999')).toBe('http://127.0.0.1:3999/sign-in?error=x')
  for (const path of ['//evil.example/x', '/\\evil.example/x', '/.//evil.example'])
    expect(new URL(at('localhost:3999', path) ?? '').host, path).toBe('127.0.0.1:3999')
  expect(at('127.0.0.1:3999')).toBeNull()
  expect(at('chat.example.com')).toBeNull()
})
