import { listAcceptedTools, notePins, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { chooseUsableTools } from '#lib/mcp-client/answers/usable-tools.ts'
import { keepWatching, watchLists } from '#lib/mcp-client/connection/list-watch.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import { toDownRefusal } from '#lib/mcp-client/failures/down-refusal.ts'
import { noteFailedList } from '#lib/mcp-client/failures/note-failed-list.ts'
import { findRefusal, Refusal } from '#lib/mcp-client/refusal.ts'
import { findHealth, findLastFailure, noteAnswer } from '#lib/mcp-client/servers/health.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { findRememberedTools, type McpTool, rememberTools } from '#lib/mcp-client/tools/tool-lists.ts'
import { withDeadline, withSignal } from '#lib/platform/deadline.ts'

/**
 * A tool list that is being loaded. `settled` resolves when the request itself has ended, within
 * the connect timeout, and never rejects.
 */
export type Loading = { tools: Promise<McpTool[]>; settled: Promise<void>; isSettled: () => boolean }

// A turn waits 200 ms for a server that is unproven, or whose tools are known from before. It waits
// in steps: if this process is slow, every step is slow, and the server is not blamed for it.
const GRACE_STEPS = 4
const STEP_MS = 50
const PATIENCE_MS = 5_000

/**
 * Loads a server's tools for a run. The request continues in the background for up to `connectMs`.
 * The run waits for it as long as the server's health justifies, and then uses the tools known from
 * before. `tools` rejects with what the SDK throws, and at once for a server that is known to be
 * down and has no known tools.
 */
export function loadTools(
  connection: ToolConnection,
  userId: string,
  connectMs: number,
  signal?: AbortSignal,
): Loading {
  const { server } = connection
  const { asks } = connection
  const remembered = findRememberedTools(server, userId, { asks })
  if (remembered) {
    keepWatching(server, userId)
    return toLoading(Promise.resolve(remembered))
  }
  const { url, builtin } = server
  const known = findHealth(url)
  if (!builtin && known === 'down')
    return toLoading(
      findEarlierTools(server, userId, asks).then((tools) => tools ?? Promise.reject(toDownRefusal(url))),
    )
  const asking = askForTools(connection, userId, connectMs)
  const patience = { proven: known === 'proven', ms: Math.min(connectMs, PATIENCE_MS) }
  return toLoading(
    builtin ? whileRunning(asking, signal) : waitForTools(connection, userId, asking, patience, signal),
    asking,
  )
}

function toLoading(tools: Promise<McpTool[]>, asking: Promise<unknown> = tools): Loading {
  let done = false
  const end = () => {
    done = true
  }
  return { tools, settled: asking.then(end, end), isSettled: () => done }
}

async function askForTools(connection: ToolConnection, userId: string, connectMs: number): Promise<McpTool[]> {
  const { server } = connection
  const askedAt = Date.now()
  try {
    const {
      tools: listed,
      ttlMs,
      announced,
    } = await withDeadline(connection.askTools(), connectMs, () => {
      throw tooLate()
    })
    noteAnswer(server.url)
    const { tools } = chooseUsableTools(listed)
    if (isPinned(server)) await notePins(server.id, tools as ToolDefinition[], true)
    // Pins are stored first: a reader of the remembered list looks up which definitions were
    // accepted.
    rememberTools(server, userId, tools, { ttlMs, askedAt, asks: connection.asks })
    if (announced && !server.builtin) watchLists(server, userId)
    return tools
  } catch (error) {
    noteFailedList(server, error)
    throw error
  }
}

async function waitForTools(
  { server, asks }: ToolConnection,
  userId: string,
  asking: Promise<McpTool[]>,
  patience: { proven: boolean; ms: number },
  signal?: AbortSignal,
): Promise<McpTool[]> {
  asking.catch(() => undefined)
  const answer = whileRunning(asking, signal)
  answer.catch(() => undefined)
  try {
    for (let step = 0; step < GRACE_STEPS; step += 1) {
      const early = await withDeadline(answer, STEP_MS, () => undefined)
      if (early) return early
    }
    const before = await findEarlierTools(server, userId, asks)
    if (before) return before
    if (!patience.proven) throw asBefore(server.url)
    return await withDeadline(answer, patience.ms, () => {
      throw asBefore(server.url)
    })
  } catch (error) {
    // A person without a connected account should learn of it by calling a tool, not by missing
    // them all.
    const before = findRefusal(error)?.connect ? await findEarlierTools(server, userId, asks) : undefined
    if (before) return before
    throw error
  }
}

/** Rejects as stopped when the run is. */
function whileRunning<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return withSignal(work, signal, () => new DOMException('stopped', 'AbortError'))
}

/** The list that this person was given before, else the definitions that an admin accepted. */
async function findEarlierTools(server: McpServer, userId: string, asks: boolean): Promise<McpTool[] | undefined> {
  const stale = findRememberedTools(server, userId, { stale: true, asks })
  if (stale || !isPinned(server)) return stale
  const accepted = await listAcceptedTools(server.id)
  return accepted.length > 0 ? (accepted as McpTool[]) : undefined
}

/** True if a changed tool must be accepted before it is offered. */
export function isPinned(server: McpServer): server is McpServer & { id: string } {
  return server.id !== undefined && server.config?.pinned === true
}

function tooLate(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
}

/** The error for a server that was not waited for: its last failure, which is likely to persist. */
function asBefore(url: string): Error {
  const last = findLastFailure(url)
  return last && last.failureClass !== 'connect_timeout' ? new Refusal(last.failureClass, last.sentence) : tooLate()
}
