import { randomBytes, timingSafeEqual } from 'node:crypto'
import { auth, computeScopeUnion, type OAuthDiscoveryState } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { findAccount, saveAccount } from '#lib/data/servers/server-accounts.ts'
import { AccountClient } from '#lib/mcp-client/accounts/account-client.ts'
import { exchangeCode } from '#lib/mcp-client/accounts/account-tokens.ts'
import { askChallenge, type Challenge } from '#lib/mcp-client/accounts/challenge.ts'
import { oauthFetch } from '#lib/mcp-client/accounts/oauth-fetch.ts'
import { listServersFor, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { forgetTools } from '#lib/mcp-client/tools/tool-lists.ts'
import { requireNamed } from '#lib/mcp-client/wire/named-reach.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

/** What the browser keeps, sealed, while the person is at the authorization server. */
const Journey = z.object({
  owner: z.string(),
  server: z.string(),
  state: z.string(),
  verifier: z.string(),
  discovered: z.unknown(),
  /** The scope that is asked for. */
  scope: z.string().optional(),
  /** The thread that the person came from. */
  thread: z.string().optional(),
  until: z.number(),
})
type Journey = z.infer<typeof Journey>

/** The metadata of an authorization server that the exchange of a code reads. */
const EXCHANGED = [
  'issuer',
  'token_endpoint',
  'token_endpoint_auth_methods_supported',
  'authorization_response_iss_parameter_supported',
]

/** How long (seconds) a person may take at the authorization server. */
export const JOURNEY_SECONDS = 900

/** Returns the server with this id, if the caller may use it. Throws not_found. */
export async function requireUsable(caller: Caller, serverId: string): Promise<McpServer & { id: string }> {
  const found = (await listServersFor(caller.role)).find(({ id }) => id === serverId)
  if (!found) throw notFound('The server')
  return { ...found, id: serverId }
}

/**
 * Starts connecting the caller's account at a server by OAuth (authorization section of the MCP
 * specification). Returns where to send the browser, and the sealed state that it must bring back.
 * `thread` is the thread to return to. Throws bad_request if the server does not use OAuth, and
 * unavailable with a sentence if its authorization does not work, conflict if it is not where an
 * admin registered the client.
 */
export async function beginConnection(
  caller: Caller,
  server: McpServer & { id: string },
  thread?: string,
): Promise<{ url: string; journey: string }> {
  const { identity } = server.config ?? {}
  if (identity?.kind !== 'oauth')
    throw new AppError('bad_request', `${server.name} does not take accounts that are connected.`)
  const state = randomBytes(24).toString('base64url')
  let destination: URL | undefined
  let verifier = ''
  let discovered: OAuthDiscoveryState | undefined
  const client = new AccountClient(server, {
    tokens: async () => undefined,
    save: async () => undefined,
    state,
    redirect: (url) => {
      destination = url
    },
    verifier: { get: () => verifier, set: (made) => (verifier = made) },
    discovery: { get: () => undefined, set: (found) => (discovered = found) },
  })
  try {
    const { scope, metadataUrl } = await findChallenge(caller, server, identity.scope)
    const resourceMetadataUrl = metadataUrl === undefined ? undefined : new URL(metadataUrl)
    await auth(client, { serverUrl: server.url, scope, resourceMetadataUrl, fetchFn: oauthFetch(server) })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    log.warn({ error: cause, server: server.name }, 'an account cannot be connected')
    throw new AppError(
      'unavailable',
      `${server.name} cannot start a sign-in just now. If it persists, tell your administrator.`,
      {
        cause,
      },
    )
  }
  // An authorization server is a web page: never open another kind of address in the person's
  // browser.
  if (!destination || !/^https?:$/.test(destination.protocol))
    throw new AppError('unavailable', `${server.name} named no page to sign in at.`)
  await requireNamed(server, destination).catch((cause) => {
    throw new AppError('unavailable', `${server.name} named a page to sign in at that is not on the public internet.`, {
      cause,
    })
  })
  const journey: Journey = {
    owner: caller.userId,
    server: server.id,
    state,
    verifier,
    discovered: discovered && toExchange(discovered),
    scope: destination.searchParams.get('scope') ?? undefined,
    thread,
    until: Date.now() + JOURNEY_SECONDS * 1000,
  }
  return { url: destination.href, journey: await seal(JSON.stringify(journey), 'account requests') }
}

/**
 * Finishes connecting with what the authorization server sent back and what the browser brought.
 * Returns the server's name and the thread that the person came from. Throws bad_request if the two
 * do not belong together or to the caller, forbidden if the person declined, unavailable if the
 * sign-in did not work, and conflict if it is not where an admin registered the client.
 */
export async function finishConnection(
  caller: Caller,
  answer: URLSearchParams,
  brought: string | undefined,
): Promise<{ name: string; thread?: string }> {
  const text = brought && (await unseal(brought, 'account requests'))
  const journey = text ? Journey.parse(JSON.parse(text)) : null
  if (
    !journey ||
    journey.until < Date.now() ||
    journey.owner !== caller.userId ||
    !same(journey.state, answer.get('state') ?? '')
  )
    throw new AppError('bad_request', 'This sign-in was not begun here, or too long ago. Begin again.')
  const server = await requireUsable(caller, journey.server)
  const code = answer.get('code')
  if (!code)
    throw new AppError('forbidden', `${server.name} was not connected: the sign-in there was refused or broken off.`)
  try {
    const discovered = journey.discovered as OAuthDiscoveryState | undefined
    const account = await exchangeCode(server, {
      code,
      iss: answer.get('iss') ?? undefined,
      verifier: journey.verifier,
      discovered,
      scope: journey.scope,
    })
    await saveAccount(caller, server.id, account)
    forgetTools(server, caller.userId)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    log.warn({ error: cause, server: server.name }, 'an account was not connected')
    throw new AppError('unavailable', `${server.name} was not connected: its sign-in did not work. Try again.`, {
      cause,
    })
  }
  return { name: server.name, thread: journey.thread }
}

/**
 * What the exchange of a code needs of what was discovered. All of it may be longer than the 4,096
 * bytes that a browser keeps in a cookie.
 */
function toExchange({ resourceMetadata, authorizationServerMetadata, ...rest }: OAuthDiscoveryState) {
  const metadata = authorizationServerMetadata as Record<string, unknown> | undefined
  return {
    ...rest,
    ...(resourceMetadata && { resourceMetadata: { resource: resourceMetadata.resource } }),
    ...(metadata && {
      authorizationServerMetadata: Object.fromEntries(EXCHANGED.map((name) => [name, metadata[name]])),
    }),
  }
}

/**
 * The scope to ask for, and where the server's metadata is. An account whose server wants a wider
 * scope keeps the one that it has.
 */
async function findChallenge(caller: Caller, server: McpServer & { id: string }, configured = ''): Promise<Challenge> {
  const account = await findAccount(caller, server.id)
  if (account?.kind !== 'oauth' || account.widerScope === undefined) {
    const asked = await askChallenge(server)
    return configured ? { ...asked, scope: configured } : asked
  }
  const { tokens, scope = String(tokens.scope ?? ''), widerScope, metadataUrl } = account
  return { scope: computeScopeUnion(configured, scope, widerScope), metadataUrl }
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
