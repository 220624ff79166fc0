import { setTimeout } from 'node:timers/promises'
import { policyOf, type ToolPolicy } from '#lib/data/policies.ts'
import type { FailureClass } from '#lib/data/tool-calls.ts'
import { log } from '#lib/log.ts'
import { type CallingRun, ToolConnection } from '#lib/mcp-client/connection.ts'
import { deadlinesOf } from '#lib/mcp-client/deadlines.ts'
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

type Edges = { policies?: ToolPolicy[]; builtinFetch?: typeof fetch; servers?: McpServer[]; signal?: AbortSignal }

/**
 * Opens the servers of a run side by side, each within its time to connect. A server that fails is left out and named.
 * Each run has connections of its own: one shared by concurrent runs mixes up their tool listings.
 */
export async function openMcp(
  run: CallingRun,
  { policies = [], builtinFetch, servers = configuredServers(), signal }: Edges = {},
): Promise<OpenMcp> {
  const connections = servers.map((server) => {
    const claims = { userId: run.userId, runId: run.id, threadId: run.threadId }
    const send = server.builtin ? builtinTransport(claims, server.url, builtinFetch) : externalTransport()
    return new ToolConnection(server, run, send, policies)
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
        const { connectMs } = deadlinesOf(policyOf(policies, connection.server.name, ''))
        return { connection, tools: await load(connection, connectMs, signal) }
      } catch (error) {
        const failure = mcpFailure(error, 'connect')
        log.warn({ error, server: connection.server.name, failure_class: failure.failureClass }, 'MCP server not available')
        if (failure.failureClass === 'connect_timeout') noteSilent(connection.server.url)
        const { failureClass, sentence } = failure
        unavailable.push({ server: connection.server.name, failureClass, sentence: `${sentence} (${failureClass})` })
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

async function load(connection: ToolConnection, ms: number, signal?: AbortSignal): Promise<McpTool[]> {
  const late = () => Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
  if (isSilent(connection.server.url)) throw late()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = globalThis.setTimeout(() => reject(late()), ms)
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
