import { rememberDevice } from '#lib/auth/sessions/known-device.ts'
import { findSession, nameSessionCookie, signOut } from '#lib/auth/sessions/session.ts'
import { nextAuth } from '#lib/auth/sign-in/next-auth.ts'
import { EmailAddress } from '#lib/auth/sign-in/parse-fields.ts'
import { notFound } from '#lib/platform/errors.ts'
import { readBody } from '#lib/platform/http/http.ts'

const BODY_MAX = 16_384
/**
 * The next-auth actions in use. `_log` is left out because it writes anybody's input into our log.
 */
const ACTIONS = new Set(['csrf', 'providers', 'session', 'signin', 'signout', 'callback', 'error'])

/**
 * Runs next-auth behind a web-standard Request and Response, so that it works the same in Next, in
 * tests and under any server. Its own app-router handler reads `next/headers`, which exists only
 * inside Next.
 */
export async function handleNextAuth(request: Request): Promise<Response> {
  const url = new URL(request.url)
  const segments = url.pathname.split('/').slice(3)
  if (!ACTIONS.has(segments[0] ?? '') || segments.length > 2) throw notFound('This address')
  // Credentials must be posted. next-auth answers 500 to other methods.
  if (request.method !== 'POST' && segments.join('/') === 'callback/credentials') throw notFound('This address')
  // If reading a session fails, next-auth clears the cookie. Checking first keeps the cookie when
  // the database is briefly away.
  if (segments[0] === 'session') await findSession(request.headers)
  if (segments[0] === 'signout' && request.method === 'POST') await signOut(request.headers)
  const fields = request.method === 'POST' ? await fieldsOf(request) : undefined
  const answer = new Answer()
  await nextAuth(
    {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      cookies: cookiesOf(request),
      query: { ...Object.fromEntries(url.searchParams), nextauth: segments },
      body: fields,
    },
    answer,
  )
  const response = answer.toResponse()
  const email = EmailAddress.safeParse(fields?.email)
  if (segments.join('/') === 'callback/credentials' && setsSession(response) && email.success)
    response.headers.append('set-cookie', await rememberDevice(request.headers, email.data))
  return response
}

function setsSession(response: Response): boolean {
  return response.headers.getSetCookie().some((line) => line.startsWith(`${nameSessionCookie().name}=ey`))
}

async function fieldsOf(request: Request): Promise<Record<string, unknown>> {
  const text = await readBody(request, BODY_MAX)
  if (!request.headers.get('content-type')?.includes('application/json'))
    return Object.fromEntries(new URLSearchParams(text))
  try {
    const parsed: unknown = JSON.parse(text)
    return parsed instanceof Object ? { ...parsed } : {}
  } catch {
    // Without fields there is no csrf token, so next-auth refuses the request.
    return {}
  }
}

function cookiesOf(request: Request): Record<string, string> {
  const pairs = (request.headers.get('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim().split(/=(.*)/s, 2) as [string, string?])
  return Object.fromEntries(pairs.filter(([name]) => name).map(([name, value = '']) => [name, decode(value)]))
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** The part of a Node response that next-auth uses, collected for a Response. */
class Answer {
  private code = 200
  private readonly headers = new Map<string, string | string[]>()
  private body: string | null = null

  status(code: number): this {
    this.code = code
    return this
  }

  getHeader(name: string): string | string[] | undefined {
    return this.headers.get(name.toLowerCase())
  }

  setHeader(name: string, value: string | string[]): this {
    this.headers.set(name.toLowerCase(), value)
    return this
  }

  json(value: unknown): void {
    this.setHeader('content-type', 'application/json')
    this.body = JSON.stringify(value)
  }

  send(value: unknown): void {
    if (typeof value === 'string') this.body = value
    else if (value !== undefined) this.json(value)
  }

  end(): void {}

  toResponse(): Response {
    const headers = new Headers({ 'cache-control': 'no-store' })
    for (const [name, value] of this.headers) for (const one of [value].flat()) headers.append(name, one)
    return new Response(this.body, { status: this.code, headers })
  }
}
