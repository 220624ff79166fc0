import { createHash, randomBytes } from 'node:crypto'

export type Tokens = {
  access_token: string
  refresh_token?: string
  scope: string
  token_type: string
  expires_in: number
  id_token?: string
}
type Json = Record<string, unknown>
type Person = { headers: { cookie: string }; caller: { userId: string } }

/**
 * The redirect URI of the clients here. Nothing listens there: the tests read the address that the
 * browser is sent to.
 */
export const CALLBACK = 'http://127.0.0.1:45871/callback'

/** A value of a WWW-Authenticate header. */
export function challengeOf(response: Response, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(response.headers.get('www-authenticate') ?? '')?.[1]
}

/** Finds the metadata as a client does that knows only the URL of an MCP endpoint. */
export async function discover(endpoint: string): Promise<{ resource: Json; server: Record<string, string> }> {
  const refused = await fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  const resource = (await (await fetch(challengeOf(refused, 'resource_metadata') ?? '')).json()) as Json
  const [issuer] = resource.authorization_servers as string[]
  return { resource, server: await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json() }
}

/** Registers a client, by default a public one. */
export async function register(endpoint: string, metadata: Json = {}): Promise<Response> {
  const { server } = await discover(endpoint)
  const all = {
    client_name: 'Hand-written client',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    ...metadata,
  }
  return fetch(server.registration_endpoint ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(all),
  })
}

/** A browser that keeps cookies by path and does not follow redirects. */
export class Browser {
  private readonly jar: { name: string; value: string; path: string }[] = []

  async send(address: string, init: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(address)
    const kept = this.jar.filter(({ path }) => pathname === path || pathname.startsWith(`${path}/`) || path === '/')
    const headers = new Headers(init.headers)
    const own = headers.get('cookie')
    headers.set('cookie', [...kept.map(({ name, value }) => `${name}=${value}`), ...(own ? [own] : [])].join('; '))
    const response = await fetch(address, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/; */)
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/'
      const at = pair.indexOf('=')
      this.jar.push({ name: pair.slice(0, at), value: pair.slice(at + 1), path })
    }
    return response
  }

  /** The Cookie header that a page at this address sees. */
  cookieFor(address: string): string {
    const { pathname } = new URL(address)
    return this.jar
      .filter(({ path }) => pathname.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }
}

/**
 * One client during the OAuth flow: what it requests, and what it gets. `site` is the origin of the
 * server.
 */
export class OauthClient {
  readonly site: string
  readonly clientId: string
  readonly browser = new Browser()
  readonly verifier = randomBytes(32).toString('base64url')

  constructor(site: string, clientId: string) {
    this.site = site
    this.clientId = clientId
  }

  /** The address that the client sends a person to. Undefined leaves a parameter out. */
  authorizeUrl(over: Record<string, string | undefined> = {}): string {
    const params = {
      client_id: this.clientId,
      redirect_uri: CALLBACK,
      response_type: 'code',
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state: 'the-state',
      scope: 'tasks:read tasks:write',
      resource: `${this.site}/mcp`,
      ...over,
    }
    const query = new URLSearchParams(
      Object.entries(params).filter((pair): pair is [string, string] => pair[1] !== undefined),
    )
    return `${this.site}/oauth/authorize?${query}`
  }

  /** Opens that address. */
  authorize(over: Record<string, string | undefined> = {}): Promise<Response> {
    return this.browser.send(this.authorizeUrl(over))
  }

  /**
   * Answers the consent page as `person`. Returns the client's redirect URI, where the browser ends
   * up.
   */
  async answer(page: string, person: Person, allow: boolean | string[] = true): Promise<URL> {
    const answered = await this.post(page, person, allow)
    const { location } = (await answered.json()) as { location: string }
    const back = await this.browser.send(location, { headers: person.headers })
    return new URL(back.headers.get('location') ?? 'about:blank')
  }

  /** The consent page's own request: allows everything, nothing, or these scopes. */
  post(
    page: string,
    person: Person,
    allow: boolean | string[] = true,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const scopes = Array.isArray(allow) ? allow : undefined
    return this.browser.send(new URL(`${page}/answer`, this.site).href, {
      method: 'POST',
      headers: { ...person.headers, origin: this.site, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ allow: Boolean(allow), person: person.caller.userId, scopes }),
    })
  }

  /** From the request to the code, including consent. */
  async codeFor(person: Person, over: Record<string, string | undefined> = {}): Promise<string> {
    const page = (await this.authorize(over)).headers.get('location') ?? ''
    const back = await this.answer(page, person)
    const code = back.searchParams.get('code')
    if (!code) throw new Error(`no code: ${back}`)
    return code
  }

  /** A request to the token endpoint. Undefined leaves a parameter out. */
  token(params: Record<string, string | undefined>, headers: Record<string, string> = {}): Promise<Response> {
    const all = { client_id: this.clientId, ...params }
    const body = new URLSearchParams(
      Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
    )
    return fetch(`${this.site}/oauth/token`, { method: 'POST', headers, body })
  }

  exchange(code: string, over: Record<string, string | undefined> = {}): Promise<Response> {
    return this.token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: this.verifier,
      resource: `${this.site}/mcp`,
      ...over,
    })
  }

  refresh(token: string, over: Record<string, string | undefined> = {}): Promise<Response> {
    return this.token({ grant_type: 'refresh_token', refresh_token: token, ...over })
  }

  revoke(token: string, over: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.site}/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: this.clientId, token, ...over }),
    })
  }

  /** The whole flow: a person who allows it, and the tokens. */
  async connect(person: Person, over: Record<string, string | undefined> = {}): Promise<Tokens> {
    return (await (await this.exchange(await this.codeFor(person, over))).json()) as Tokens
  }
}

/** A client that has registered. */
export async function registeredClient(site: string, metadata: Json = {}): Promise<OauthClient> {
  const { client_id: id } = (await (await register(`${site}/mcp`, metadata)).json()) as { client_id: string }
  return new OauthClient(site, id)
}
