import { GET as nextAuth } from '#app/api/auth/[...nextauth]/route.ts'
import { env } from '#lib/platform/env.ts'

type Handler = (request: Request) => Promise<Response>
type Sent = { method?: string; json?: unknown; form?: Record<string, string>; headers?: Record<string, string> }

/**
 * A person with a browser. Keeps cookies, and sends to a route's handler what a page of ours would
 * send.
 */
export class Visitor {
  readonly cookies = new Map<string, string>()
  readonly #always: Record<string, string>

  /** `always` is sent with every request, like a header that a proxy adds. */
  constructor(always: Record<string, string> = {}) {
    this.#always = always
  }

  /** Sends a request to `handler`, by default a POST. Does not follow redirects. */
  async send(
    handler: Handler,
    path: string,
    { method = 'POST', json, form, headers = {} }: Sent = {},
  ): Promise<Response> {
    const all = new Headers({ origin: new URL(env().APP_URL).origin, ...this.#always, ...headers })
    if (this.cookies.size > 0)
      all.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const body = json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json)
    if (json !== undefined) all.set('content-type', 'application/json')
    if (method === 'GET') all.delete('origin')
    const response = await handler(new Request(new URL(path, env().APP_URL), { method, headers: all, body }))
    this.keep(response)
    return response
  }

  /** Stores the cookies that a response sets, and removes those that it expires. */
  keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ')
      const at = pair.indexOf('=')
      const gone = attributes.some((attribute) => /^max-age=0$/i.test(attribute))
      if (gone) this.cookies.delete(pair.slice(0, at))
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }

  /** The headers that this browser sends. */
  get headers(): { cookie: string } {
    return { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
  }

  /** A request to next-auth below /api/auth/, with its CSRF token if it is a POST. */
  async nextAuth(path: string, form?: Record<string, string>): Promise<Response> {
    if (!form) return this.send(nextAuth, `/api/auth/${path}`, { method: 'GET' })
    const { csrfToken } = await (await this.send(nextAuth, '/api/auth/csrf', { method: 'GET' })).json()
    return this.send(nextAuth, `/api/auth/${path}`, { form: { csrfToken, json: 'true', ...form } })
  }

  /** Signs in as the page does. Returns the reason of a refusal, or null if it worked. */
  async signIn(email: string, password: string): Promise<string | null> {
    return reasonOf(await this.nextAuth('callback/credentials', { email, password }))
  }
}

/** The error in the address that a sign-in leads to, or null. */
export async function reasonOf(response: Response): Promise<string | null> {
  const { url } = await response.json()
  return new URL(url, env().APP_URL).searchParams.get('error')
}
