import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type Adapter, type AdapterPayload, type Grant, type KoaContextWithOIDC } from 'oidc-provider'

/** The issuer's claims about a person. */
export type IssuerPerson = { email?: string; email_verified?: boolean; name?: string }

const CLIENT = { client_id: 'switchboard', client_secret: 'the secret of a test client' }

/**
 * A real OpenID Connect issuer on 127.0.0.1. Every visitor is signed in as `issuer.subject` without
 * being asked. `people` has the claims of each subject, which are only in userinfo, as with most
 * issuers.
 */
export async function openIssuer(redirectUri: string) {
  const people = new Map<string, IssuerPerson>()
  const issuer = { subject: '' }
  let handle: (request: IncomingMessage, response: ServerResponse) => void
  const server = createServer((request, response) => handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: Provider = new Provider(url, {
    adapter: memoryAdapter(),
    clients: [{ ...CLIENT, redirect_uris: [redirectUri] }],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    jwks: {
      keys: [
        {
          ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
          use: 'sig',
          alg: 'RS256',
        },
      ],
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
    loadExistingGrant: (context) => grantEverything(provider, context),
    ttl: Object.fromEntries(
      ['AccessToken', 'AuthorizationCode', 'Grant', 'IdToken', 'Interaction', 'Session'].map((name) => [name, 600]),
    ),
  })
  const answer = provider.callback()
  handle = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void answer(request, response)
    void provider.interactionFinished(request, response, { login: { accountId: issuer.subject } })
  }
  return {
    url,
    people,
    issuer,
    settings: {
      OIDC_ISSUER: url,
      OIDC_ID: CLIENT.client_id,
      OIDC_SECRET: CLIENT.client_secret,
      OIDC_NAME: 'Test login',
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/**
 * Follows the issuer's pages as a browser does. Returns the address of ours that it leads back to.
 */
export async function followIssuer(start: string, issuerUrl: string): Promise<string> {
  const cookies = new Map<string, string>()
  let at = start
  for (let hops = 0; hops < 10 && at.startsWith(issuerUrl); hops += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    const next = response.headers.get('location')
    if (!next) throw new Error(`the issuer answered ${response.status}: ${(await response.text()).slice(0, 300)}`)
    at = new URL(next, at).href
  }
  return at
}

async function grantEverything(provider: Provider, { oidc }: KoaContextWithOIDC): Promise<Grant> {
  const grant = new provider.Grant({ clientId: oidc.client?.clientId, accountId: oidc.session?.accountId })
  grant.addOIDCScope('openid email profile')
  await grant.save()
  return grant
}

function memoryAdapter() {
  const rows = new Map<string, AdapterPayload>()
  return class implements Adapter {
    readonly model: string
    constructor(model: string) {
      this.model = model
    }
    key(id: string) {
      return `${this.model}:${id}`
    }
    async upsert(id: string, payload: AdapterPayload) {
      rows.set(this.key(id), payload)
    }
    async find(id: string) {
      return rows.get(this.key(id))
    }
    async findByUid(uid: string) {
      return [...rows].find(([key, row]) => key.startsWith(`${this.model}:`) && row.uid === uid)?.[1]
    }
    async findByUserCode() {
      return undefined
    }
    async consume(id: string) {
      const row = rows.get(this.key(id))
      if (row) row.consumed = Math.floor(Date.now() / 1000)
    }
    async destroy(id: string) {
      rows.delete(this.key(id))
    }
    async revokeByGrantId(grantId: string) {
      for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key)
    }
  }
}
