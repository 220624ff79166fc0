import { signIdentity } from '#lib/auth/tokens/identity-tokens.ts'
import type { Authority } from '#lib/data/people/authority.ts'
import { makeAccountHeaders, refreshRefusedAccount, requireWideEnough } from '#lib/mcp-client/accounts/accounts.ts'
import { isClosing, requireAuthority, requireStanding, type Who } from '#lib/mcp-client/connection/require-authority.ts'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import {
  resolveHeader,
  resolveTemplate,
  type TemplateFacts,
  UnresolvedTemplate,
} from '#lib/mcp-client/servers/templates.ts'
import { type Filled, fillBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import { keepSignal } from '#lib/platform/http/keep-signal.ts'

/**
 * Requests on behalf of a person. `send` is for the transport. `learn` takes the server's listed
 * tools and the names of those that may be called, so that arguments can be bound and no other tool
 * is called. `fill` shows beforehand which arguments will be sent, and throws Refusal.
 */
export type Identified = {
  send: typeof fetch
  learn: (tools: { name: string; inputSchema?: unknown }[], callable: Set<string>) => void
  fill: (tool: string, args: Record<string, unknown>) => Promise<Filled>
}

/**
 * Puts the person into every request to a server, as its config says: headers, bearer token,
 * `_meta`, bound arguments. It is the last step before the network, so no call can bypass it. Each
 * request checks again who the person is and whether the run may continue. Throws Refusal before
 * anything is sent if the run may not continue, a needed fact about the person is unknown, or their
 * account is not connected.
 */
export function withIdentity(server: McpServer, who: Who, network: typeof fetch): Identified {
  const known: Known = { schemas: new Map(), callable: undefined }
  const send: typeof fetch = async (input, init) => {
    const request = keepSignal(new Request(input, init))
    const text = request.body === null ? undefined : await request.text()
    const message = text === undefined ? undefined : (JSON.parse(text) as Message)
    const authority = await requireStanding(who)
    if (who.runId !== undefined && !isClosing(request.method, message))
      await requireAuthority(server, who.onlyEnds ? { ...authority, runEnded: null } : authority)
    const facts = toFacts(authority, who)
    const body = message && (identifiedBody(server, message, known, facts) ?? text)
    const go = async (): Promise<Response> => {
      const headers = new Headers(request.headers)
      for (const [name, value] of Object.entries(await resolveHeaders(server, who, facts))) headers.set(name, value)
      const { method, signal } = request
      return network(request.url, { method, headers, body, signal, redirect: 'manual' })
    }
    let response = await go()
    if (response.status === 401 && (await refreshRefusedAccount(server, who, response))) {
      await response.body?.cancel()
      response = await go()
    }
    if (response.status === 403) await requireWideEnough(server, who, response)
    return response
  }
  return {
    send,
    fill: async (tool, args) => {
      if (!server.config?.bound.length) return { args, filledIn: [] }
      const facts = await readTemplateFacts(who)
      return toRefusal(server, () => fillBoundArguments(args, known.schemas.get(tool), server, facts))
    },
    learn: (tools, callable) => {
      for (const { name, inputSchema } of tools) known.schemas.set(name, inputSchema)
      known.callable = callable
    },
  }
}

/** The headers that a server gets besides MCP's own. Throws Refusal. */
async function resolveHeaders(server: McpServer, who: Who, facts: TemplateFacts): Promise<Record<string, string>> {
  const { config, secrets } = server
  if (!config) return {}
  if (secrets === null)
    throw new Refusal(
      'denied',
      `What ${server.name} needs to be signed in cannot be read any more. An administrator has to enter it again.`,
    )
  const headers: Record<string, string> = {}
  const templates = [
    ...config.headers.map(({ name, value }) => [name, value] as const),
    ...Object.entries(secrets?.headers ?? {}),
  ]
  for (const [name, value] of templates)
    headers[name.toLowerCase()] = toRefusal(server, () => resolveHeader(value, facts))
  if (config.identity.kind === 'token')
    headers.authorization = `Bearer ${await signIdentity(facts.user, server.url, who)}`
  return { ...headers, ...(await makeAccountHeaders(server, who)) }
}

/**
 * The facts about a person that templates use. Throws Refusal if the account may no longer be used.
 */
export async function readTemplateFacts(who: Who): Promise<TemplateFacts> {
  return toFacts(await requireStanding(who), who)
}

function toFacts(
  { id, email, emailVerified, name, role, timeZone, locale }: Authority,
  { runId, threadId }: Who,
): TemplateFacts {
  return {
    // Anyone can register with someone else's email address, so only a verified one is used.
    user: { id, email: emailVerified ? email : null, name, role, time_zone: timeZone, locale },
    run: runId === undefined ? undefined : { id: runId },
    thread: threadId === undefined ? undefined : { id: threadId },
  }
}

type Message = {
  method?: string
  params?: { name?: string; arguments?: Record<string, unknown>; _meta?: Record<string, unknown> }
}

type Known = { schemas: Map<string, unknown>; callable: Set<string> | undefined }

function identifiedBody(server: McpServer, message: Message, known: Known, facts: TemplateFacts): string | undefined {
  const { method, params } = message
  const tool = method === 'tools/call' ? (params?.name ?? '') : undefined
  if (tool !== undefined && known.callable?.has(tool) === false)
    throw new Refusal(
      'denied',
      'This tool is not offered: it is switched off, or waits for an administrator to look at a change in it.',
    )
  const { meta = [], bound = [] } = server.config ?? {}
  if (meta.length + bound.length === 0 || method === undefined || method.startsWith('notifications/')) return undefined
  return toRefusal(server, () => {
    const _meta = {
      ...params?._meta,
      ...Object.fromEntries(meta.map(({ name, value }) => [name, resolveTemplate(value, facts)])),
    }
    const changed = { ...params, ...(meta.length > 0 && { _meta }) }
    if (tool !== undefined)
      changed.arguments = fillBoundArguments(params?.arguments ?? {}, known.schemas.get(tool), server, facts).args
    return JSON.stringify({ ...message, params: changed })
  })
}

function toRefusal<T>(server: McpServer, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof UnresolvedTemplate)) throw error
    const why =
      error.place === 'user.email' ? 'the address of this account was never verified' : 'that has no value here'
    const sentence = `Nothing was sent to ${server.name}, because it must be told {{${error.place}}} and ${why}.`
    throw new Refusal('denied', sentence, { cause: error })
  }
}
