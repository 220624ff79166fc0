import type { SwitchedOff } from '#lib/data/chat/switched-off-tools.ts'
import { findPerson } from '#lib/data/people/users.ts'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { findPolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { hashDefinition, listAcceptedHashes, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { listToolRefusals, type ToolRefusal } from '#lib/data/servers/tool-refusals.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { deadlinesOf } from '#lib/mcp-client/calls/deadlines.ts'
import { isPinned, loadTools } from '#lib/mcp-client/connection/load-tools.ts'
import { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import { builtinTransport, transportAs } from '#lib/mcp-client/connection/transport.ts'
import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import { findRefusal } from '#lib/mcp-client/refusal.ts'
import { listServersFor, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { hideBoundParameters, listBoundParameters } from '#lib/mcp-client/tools/bound-arguments.ts'
import { mayOffer } from '#lib/mcp-client/tools/may-offer.ts'
import { toModelTool } from '#lib/mcp-client/tools/model-tool.ts'
import { OffSwitches } from '#lib/mcp-client/tools/off-switches.ts'
import { forgetTools, type McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { assignToolNames } from '#lib/mcp-client/tools/tool-names.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { log } from '#lib/platform/log.ts'

/**
 * A server whose tools the turn does without. `connect`: the server's id, if the person can fix
 * this by connecting an account.
 */
export type Unavailable = { server: string; failureClass: FailureClass; sentence: string; connect?: string }

/**
 * The MCP servers of one run. `switchedOff` are the public names of tools that the person switched
 * off. `close` closes every connection, waits at most 1 s for that, and never throws.
 */
export type OpenMcp = {
  connections: ToolConnection[]
  unavailable: Unavailable[]
  switchedOff: string[]
  close: () => Promise<void>
}

const CLOSE_MS = 1_000

type Edges = {
  policies?: ToolPolicy[]
  /** Asks every server for its tools again. */
  relist?: boolean
  builtinFetch?: typeof fetch
  servers?: McpServer[]
  /** What the person switched off in the conversation. It is not offered. */
  off?: readonly SwitchedOff[]
  /** The model that gets the tools. Tools that this model's server refused are left out. */
  model?: string
  signal?: AbortSignal
}

/**
 * Opens the servers of a run in parallel. Each has its connect timeout, but the run waits for one
 * only as long as its health justifies. A server that fails is left out and named. Each run has its
 * own connections, so that people never share a server's session; the sockets underneath are
 * pooled.
 */
export async function openMcp(
  run: CallingRun,
  { policies = [], relist, builtinFetch, servers: given, off: entries, model, signal }: Edges = {},
): Promise<OpenMcp> {
  const off = new OffSwitches(entries)
  const all = given ?? (await listServersFor((await findPerson(run.userId))?.role ?? 'member'))
  // Our own server is needed even then: its earlier results are the person's own data.
  const servers = all.filter(({ name, builtin }) => builtin || !off.hasServer(name))
  if (relist) for (const server of servers) forgetTools(server, run.userId)
  const opened = servers.map((server) => {
    const who = { userId: run.userId, runId: run.id, threadId: run.threadId }
    const { learn, ...wire } = server.builtin
      ? { send: builtinTransport(who, server.url, builtinFetch), learn: undefined }
      : transportAs(server, who)
    const connection = new ToolConnection(server, run, wire, policies)
    const { connectMs } = deadlinesOf(findPolicy(policies, server.name, ''))
    return { connection, learn, loading: loadTools(connection, run.userId, connectMs, signal) }
  })
  const close = async () => {
    const closing = opened.map(({ connection, loading }) => {
      if (loading.isSettled()) return connection.close()
      // An unfinished listing continues for the next turn's benefit. This turn does not wait for
      // it.
      void loading.settled.then(() => connection.close())
      return undefined
    })
    await withDeadline(Promise.all(closing), CLOSE_MS, () => undefined)
  }
  try {
    const unavailable: Unavailable[] = []
    const [accepted, refused, listed] = await Promise.all([
      listAcceptedHashes(servers.filter(isPinned).map(({ id }) => id)),
      model === undefined ? [] : listToolRefusals({ model }),
      Promise.all(
        opened.map(async ({ connection, learn, loading }) => {
          try {
            const tools = await loading.tools
            return { connection, learn, tools }
          } catch (error) {
            unavailable.push(toUnavailable(connection.server, error))
            return undefined
          }
        }),
      ),
    ])
    const open = listed.filter((entry) => entry !== undefined)
    // A server's first listing is accepted while it is read, which is after `accepted` was.
    const fresh = open.some(({ connection: { server } }) => isPinned(server) && accepted.get(server.id)?.size === 0)
    const hashes = fresh ? await listAcceptedHashes(servers.filter(isPinned).map(({ id }) => id)) : accepted
    const offers = open.map(({ connection, learn, tools }) => {
      const shown = toOfferedTools(connection.server, tools, hashes).filter((tool) =>
        mayReachModel(connection.server, tool, refused),
      )
      learn?.(tools, new Set(shown.map(({ name }) => name)))
      const schemas = new Map(tools.map(({ name, inputSchema }) => [name, inputSchema]))
      return { connection, tools: shown, schemas }
    })
    const names = assignToolNames(offers.map(({ connection, tools }) => ({ server: connection.server.name, tools })))
    const switchedOff: string[] = []
    offers.forEach(({ connection, tools, schemas }, index) => {
      const publicName = (tool: McpTool) => names[index]?.get(tool.name) ?? tool.name
      const isOff = (tool: McpTool) => off.has(connection.server.name, tool.name)
      switchedOff.push(...tools.filter(isOff).map(publicName))
      const filledIn = (tool: string) =>
        listBoundParameters(schemas.get(tool), connection.server).map(({ parameter }) => parameter)
      connection.offer(
        tools.filter((tool) => !isOff(tool)),
        publicName,
        filledIn,
      )
    })
    return { connections: open.map(({ connection }) => connection), unavailable, switchedOff, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The tools of a server that a model may see: allowed, accepted in their current definition, and
 * without the parameters that the session fills in.
 */
function toOfferedTools(server: McpServer, tools: McpTool[], accepted: Map<string, Map<string, string>>): McpTool[] {
  const hashes = isPinned(server) ? accepted.get(server.id) : undefined
  return tools
    .filter(({ name }) => mayOffer(name, server.config))
    .filter((tool) => !hashes || hashes.get(tool.name) === hashDefinition(tool as ToolDefinition))
    .map((tool) => hideBoundParameters(tool, server))
}

/**
 * True if a tool can be expressed in the form that models take, and the model's server has not
 * refused its current definition.
 */
function mayReachModel({ name }: McpServer, tool: McpTool, refused: ToolRefusal[]): boolean {
  if (toModelTool(tool).problem !== undefined) return false
  const refusal = refused.find((it) => it.server === name && it.tool === tool.name)
  return refusal === undefined || refusal.toolHash !== hashDefinition(tool as ToolDefinition)
}

function toUnavailable(server: McpServer, error: unknown): Unavailable {
  const { failureClass, sentence } = toMcpFailure(error, 'connect')
  log.warn({ error, server: server.name, failure_class: failureClass }, 'MCP server not available')
  return {
    server: server.name,
    failureClass,
    sentence: `${sentence} (${failureClass})`,
    connect: findRefusal(error)?.connect,
  }
}
