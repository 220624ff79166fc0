import { expect, test, vi } from 'vitest'
import SignInPage from '#app/sign-in/page.tsx'
import { toReturnPath, withReturnPath } from '#app/sign-in/return-path.ts'
import SignUpPage from '#app/sign-up/page.tsx'
import { Visitor } from '#tests/support/browser/visitor.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { renderPage } from '#tests/support/render-page.ts'

vi.mock('next/navigation', async (original) => ({ ...(await original<object>()), useRouter: () => ({}) }))

// Where sign-in leads. Addresses that lead away are tried at each entrance that accepts a
// destination.

const APP = 'http://127.0.0.1:3999'
const AWAY = [
  '/.//evil.example/x',
  '/x/..//evil.example',
  '/%2e//evil.example',
  '/././/evil.example',
  '/x/%2e%2e//evil.example',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  `${APP}//evil.example`,
  `${APP}/\\evil.example`,
  `${APP}/.//evil.example`,
  `${APP}@evil.example/`,
  'http://user:word@127.0.0.1:3999/settings',
  'https:/evil.example',
  'https://evil.example/',
  'javascript:alert(1)',
  ' https://evil.example',
]

const sent: { headers: Headers } = { headers: new Headers() }
vi.mock('next/headers', () => ({ headers: async () => sent.headers }))
vi.mock('next/headers.js', () => ({ headers: async () => sent.headers }))

test.each(AWAY)('%j leads a signed-in person to the chat', async (callbackUrl) => {
  const { headers } = await signedIn()
  sent.headers = new Headers(headers)
  for (const page of [SignInPage, SignUpPage])
    await expect(page({ searchParams: Promise.resolve({ callbackUrl }) })).rejects.toMatchObject({
      digest: expect.stringContaining(';/chat;'),
    })
})

test.each(AWAY)('%j never leads away through next-auth', async (callbackUrl) => {
  const { person } = await signedIn()
  const visitor = new Visitor()
  const answer = await visitor.nextAuth('callback/credentials', { email: person.email, password: 'wrong', callbackUrl })
  for (const line of answer.headers.getSetCookie().filter((one) => one.includes('callback-url')))
    expect(decodeURIComponent(line)).toMatch(/callback-url=http:\/\/127\.0\.0\.1:3999\/(?!\/|\\)/)
  const out = await visitor.nextAuth('signout', { callbackUrl })
  const { url } = await out.json()
  expect(new URL(url).origin).toBe(APP)
  expect(new URL(url).pathname).not.toMatch(/^\/[/\\]/)
})

test.each([
  ['/settings?tab=1', '/settings?tab=1'],
  [`${APP}/chat/thr_1`, '/chat/thr_1'],
  ['/oauth/consent/abc', '/oauth/consent/abc'],
  ['settings', '/settings'],
  ['https://evil.example/', '/chat'],
  ['javascript:alert(1)', '/chat'],
  ['http:evil.example', '/evil.example'],
  ['/a//b', '/a//b'],
  ['/sign-in', '/chat'],
  ['/%73ign-in', '/chat'],
  ['/api/auth/signout', '/chat'],
  ['/%E0%A4%A', '/chat'],
  [undefined, '/chat'],
  [['/settings', '/x'], '/chat'],
])('%j becomes %s, and resolves to that path on this origin', (wish, path) => {
  expect(toReturnPath(wish, APP)).toBe(path)
  expect(new URL(path, APP).href).toBe(APP + path)
})

test('sign-in and sign-up link to each other and keep the destination', async () => {
  await signedIn()
  sent.headers = new Headers()
  const query = { searchParams: Promise.resolve({ callbackUrl: '/oauth/consent/abc?x=1&y=2' }) }
  const at = '?callbackUrl=%2Foauth%2Fconsent%2Fabc%3Fx%3D1%26y%3D2'
  expect(await renderPage(await SignInPage(query))).toContain(`href="/sign-up${at}"`)
  expect(await renderPage(await SignUpPage(query))).toContain(`href="/sign-in${at}"`)
  expect(withReturnPath('/sign-in', '/chat')).toBe('/sign-in')
})
