import { setTimeout } from 'node:timers/promises'
import type { FailureClass } from '#lib/data/tool-calls.ts'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { type CallingRun, ToolConnection } from '#lib/mcp-client/connection.ts'
import { mcpFailure } from '#lib/mcp-client/failure.ts'
import { configuredServers, type McpServer } from '#lib/mcp-client/servers.ts'
import { isSilent, type McpTool, noteSilent } from '#lib/mcp-client/tool-lists.ts'
import { toolNames } from '#lib/mcp-client/tool-names.ts'
import { builtinTransport, externalTransport } from '#lib/mcp-client/transport.ts'

/** A server without whose tools the turn goes on. */
export type Unavailable = { server: string; failureClass: FailureClass; sentence: string }

/** The MCP servers of one run. `close` ends every connection, waits a second for that at most, and never throws. */
export type OpenMcp = { connections: ToolConnection[]; unavailable: Unavailable[]; close: () => Promise<void> }

const CLOSE_MS = 1_000

type Edges = { builtinFetch?: typeof fetch; servers?: McpServer[]; signal?: AbortSignal }

/**
 * Opens the servers of a run side by side, each within MCP_CONNECT_TIMEOUT. A server that fails is left out and named.
 * Each run has connections of its own: one shared by concurrent runs mixes up their tool listings.
 */
export async function openMcp(run: CallingRun, { builtinFetch, servers = configuredServers(), signal }: Edges = {}): Promise<OpenMcp> {
  const connections = servers.map((server) => {
    const claims = { userId: run.userId, runId: run.id, threadId: run.threadId }
    return new ToolConnection(server, run, server.builtin ? builtinTransport(claims, server.url, builtinFetch) : externalTransport())
  })
  const close = async () => {
    const closing = connections.map((connection) =>
      connection.close().catch((error) => log.debug({ error, server: connection.server.name }, 'MCP connection not closed cleanly')),
    )
    await Promise.race([Promise.all(closing), setTimeout(CLOSE_MS, undefined, { ref: false })])
  }
  const unavailable: Unavailable[] = []
  const listed = await Promise.all(
    connections.map(async (connection) => {
      try {
        return { connection, tools: await load(connection, signal) }
      } catch (error) {
        const failure = mcpFailure(error, 'connect')
        log.warn({ error, server: connection.server.name, failure_class: failure.failureClass }, 'MCP server not available')
        if (failure.failureClass === 'connect_timeout') noteSilent(connection.server.url)
        unavailable.push({ server: connection.server.name, ...failure })
        return undefined
      }
    }),
  )
  const open = listed.filter((entry) => entry !== undefined)
  const names = toolNames(open.map(({ connection, tools }) => ({ server: connection.server.name, tools })))
  open.forEach(({ connection, tools }, index) => {
    connection.offer(tools, (tool) => names[index]?.get(tool.name) ?? tool.name)
  })
  return { connections: open.map(({ connection }) => connection), unavailable, close }
}

async function load(connection: ToolConnection, signal?: AbortSignal): Promise<McpTool[]> {
  const late = () => Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
  if (isSilent(connection.server.url)) throw late()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = globalThis.setTimeout(() => reject(late()), env().MCP_CONNECT_TIMEOUT * 1000)
  const onAbort = () => reject(new DOMException('stopped', 'AbortError'))
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  const loading = connection.loadTools()
  loading.catch(() => undefined)
  try {
    return await Promise.race([loading, promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
