import { randomBytes, timingSafeEqual } from 'node:crypto'
import { auth, type OAuthDiscoveryState } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { saveAccount } from '#lib/data/servers/server-accounts.ts'
import { AccountClient } from '#lib/mcp-client/accounts/account-client.ts'
import { exchangeCode } from '#lib/mcp-client/accounts/account-tokens.ts'
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
  /** The thread that the person came from. */
  thread: z.string().optional(),
  until: z.number(),
})
type Journey = z.infer<typeof Journey>

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
 * unavailable with a sentence if its authorization does not work.
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
    await auth(client, { serverUrl: server.url, scope: identity.scope, fetchFn: oauthFetch(server) })
  } catch (cause) {
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
    discovered,
    thread,
    until: Date.now() + JOURNEY_SECONDS * 1000,
  }
  return { url: destination.href, journey: await seal(JSON.stringify(journey), 'account requests') }
}

/**
 * Finishes connecting with what the authorization server sent back and what the browser brought.
 * Returns the server's name and the thread that the person came from. Throws bad_request if the two
 * do not belong together or to the caller, forbidden if the person declined, and unavailable if the
 * sign-in did not work.
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
    })
    await saveAccount(caller, server.id, account, { fresh: true })
    forgetTools(server, caller.userId)
  } catch (cause) {
    log.warn({ error: cause, server: server.name }, 'an account was not connected')
    throw new AppError('unavailable', `${server.name} was not connected: its sign-in did not work. Try again.`, {
      cause,
    })
  }
  return { name: server.name, thread: journey.thread }
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
