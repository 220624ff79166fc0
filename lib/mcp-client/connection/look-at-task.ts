import { AnswerWatch } from '#lib/mcp-client/answers/answer-watch.ts'
import type { TaskHandle } from '#lib/mcp-client/answers/task-handle.ts'
import { transportAs } from '#lib/mcp-client/connection/transport.ts'
import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { ServerSession } from '#lib/mcp-client/sessions/server-session.ts'
import { findTask } from '#lib/mcp-client/tasks/reach-task.ts'
import { cancelTask, TAKES_TASKS, type TaskState } from '#lib/mcp-client/tasks/task-wire.ts'

/** The longest (ms) that a look at a task takes, with its connections. */
const LOOK_MS = 25_000
/** The least (ms) that a connection gets of it. */
const CONNECT_MIN_MS = 1_000

type Who = { userId: string; runId: string; threadId: string; onlyEnds?: boolean }

/**
 * Asks a server once how a task stands, as its person; undefined if the server does not know it.
 * Throws what the SDK throws, and Refusal if it may no longer be asked in this person's name.
 */
export function lookAtTask(server: McpServer, who: Who, handle: TaskHandle): Promise<TaskState | undefined> {
  return withTask(server, who, handle, ({ client }, signal) => findTask(client, handle.id, signal))
}

/**
 * Asks a server to end a task, also after its run was stopped. True if it says that the task is
 * cancelled. Throws as `lookAtTask`.
 */
export function endTaskAtServer(server: McpServer, who: Who, handle: TaskHandle): Promise<boolean> {
  return withTask(server, { ...who, onlyEnds: true }, handle, async (session, signal) => {
    const isCancelled = await cancelTask(session.client, handle.id, { signal, timeout: LOOK_MS })
    session.isKept = false
    return isCancelled
  })
}

type Work<T> = (session: ServerSession, signal: AbortSignal) => Promise<T>

/** A server that has lost the session of a task may know the task all the same. */
async function withTask<T>(server: McpServer, who: Who, handle: TaskHandle, work: Work<T>): Promise<T> {
  const { session, ...elsewhere } = handle
  const until = Date.now() + LOOK_MS
  try {
    return await withSession(server, who, handle, { work, until })
  } catch (error) {
    if (!session || toMcpFailure(error, 'call').failureClass !== 'session_lost') throw error
    return withSession(server, who, elsewhere, { work, until })
  }
}

async function withSession<T>(
  server: McpServer,
  who: Who,
  handle: TaskHandle,
  { work, until }: { work: Work<T>; until: number },
): Promise<T> {
  const connectMs = Math.max(CONNECT_MIN_MS, until - Date.now())
  const signal = AbortSignal.timeout(connectMs)
  const { fetch: send } = new AnswerWatch(transportAs(server, who).send)
  const { url } = server
  const resumes = handle.session ? { resumes: handle.session } : {}
  const session = new ServerSession({ url, send, connectMs, capabilities: TAKES_TASKS, ...resumes })
  // Its session is not ours to end while the task goes on.
  session.isKept = handle.session !== undefined
  try {
    await session.open()
    return await work(session, signal)
  } finally {
    await session.close()
  }
}
