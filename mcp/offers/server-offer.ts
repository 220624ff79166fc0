import {
  CLIENT_INFO_META_KEY,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import type { Scope } from '#lib/auth/tokens/scopes.ts'
import { readSources } from '#lib/data/notebook/content-sources.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { readTraceparent } from '#lib/platform/telemetry/trace-context.ts'
import { VERSION } from '#lib/platform/version.ts'
import { type ClientInfo, toClientInfo } from '#mcp/client-info.ts'
import type { Report, Tool } from '#mcp/define-tool.ts'
import type { Message } from '#mcp/message.ts'
import { complete } from '#mcp/offers/completion.ts'
import { findPromptScope, getPrompt, PROMPT_LISTING } from '#mcp/offers/prompts.ts'
import { PublicServer } from '#mcp/offers/public-server.ts'
import { listResources, READ_SCOPE, readResource, TEMPLATES } from '#mcp/offers/resources.ts'
import { runTool, SERVER } from '#mcp/run-tool.ts'

const INSTRUCTIONS =
  'Tasks and notes of the person whose token is used. People name tasks by their number. ' +
  "Dates are on the person's own clock: call whoami for their time zone and the current time."

// These lists change only with a release. People's content changes at any time, so it gets no
// lifetime.
const LISTS = { ttlMs: 300_000, cacheScope: 'private' } as const
const CACHE_HINTS = {
  'tools/list': LISTS,
  'prompts/list': LISTS,
  'resources/templates/list': LISTS,
  'server/discover': LISTS,
}

/** What an endpoint serves. */
export type Offer = {
  /**
   * Makes a server for one request, or for one session of an older client. `client` comes from the
   * session id.
   */
  makeServer: (client: ClientInfo) => Server | McpServer
  /**
   * The scope that a message needs before a server sees it; null or undefined if any caller may
   * send it.
   */
  scopeOf: (message: Message) => Scope | null | undefined
}

/** Offers these tools, with the notes as resources and this server's prompts. */
export function createServerOffer(tools: readonly Tool[]): Offer {
  const byName = new Map(tools.map((tool) => [tool.name, tool]))
  const listing = { tools: tools.map((tool) => tool.listing) }

  function scopeOf({ method, params }: Message): Scope | null | undefined {
    const name = typeof params?.name === 'string' ? params.name : ''
    if (method === 'tools/call') return byName.get(name)?.scope
    if (method === 'resources/read') return READ_SCOPE
    return method === 'prompts/get' ? findPromptScope(name) : undefined
  }

  function makeServer(client: ClientInfo): PublicServer {
    const server = new PublicServer(
      { name: SERVER, title: 'Switchboard', version: VERSION },
      {
        capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
        instructions: INSTRUCTIONS,
        cacheHints: CACHE_HINTS,
      },
    )
    server.setRequestHandler('tools/list', () => listing)
    server.setRequestHandler('tools/call', ({ params }, ctx) => {
      const tool = byName.get(params.name)
      if (!tool)
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `Unknown tool: ${params.name.slice(0, 100)}. Call tools/list.`,
        )
      const about = { client: clientOf(ctx, client), signal: ctx.mcpReq.signal, report: reporterOf(ctx) }
      const caller = callerOf(ctx)
      const sources = caller.via === 'run' ? readSources(ctx.mcpReq._meta) : []
      const trace = readTraceparent(ctx.mcpReq._meta?.traceparent)
      return runTool({ tool, args: params.arguments ?? {}, caller, sources, trace, ...about })
    })
    server.setRequestHandler('resources/list', ({ params }, ctx) => listResources(callerOf(ctx), params?.cursor))
    server.setRequestHandler('resources/templates/list', () => TEMPLATES)
    server.setRequestHandler('resources/read', ({ params }, ctx) => readResource(callerOf(ctx), params.uri))
    server.setRequestHandler('prompts/list', () => PROMPT_LISTING)
    server.setRequestHandler('prompts/get', ({ params }, ctx) => getPrompt(callerOf(ctx), params))
    server.setRequestHandler('completion/complete', ({ params }, ctx) => complete(callerOf(ctx), params))
    return server
  }

  return { makeServer, scopeOf }
}

/** The caller of this request. Each request carries its own token, in a session too. */
function callerOf(ctx: ServerContext): Caller {
  return ctx.http?.authInfo?.extra?.caller as Caller
}

/** Prefers the name in the request over the one in the session id. */
function clientOf({ mcpReq: { envelope } }: ServerContext, fromSession: ClientInfo): ClientInfo {
  const told = toClientInfo((envelope as Record<string, unknown> | undefined)?.[CLIENT_INFO_META_KEY])
  return told.name ? told : fromSession
}

/** Sends progress to a client that asked for it, and nothing to any other. */
function reporterOf({ mcpReq }: ServerContext): Report {
  const progressToken = mcpReq._meta?.progressToken
  return async (progress, total, message) => {
    if (progressToken === undefined || mcpReq.signal.aborted) return
    await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total, message } })
  }
}
