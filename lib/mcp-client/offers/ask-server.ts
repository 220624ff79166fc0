import type { Client } from '@modelcontextprotocol/client'
import { AnswerWatch } from '#lib/mcp-client/answers/answer-watch.ts'
import { builtinTransport, transportAs } from '#lib/mcp-client/connection/transport.ts'
import { toDownRefusal } from '#lib/mcp-client/failures/down-refusal.ts'
import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import { noteFailedList } from '#lib/mcp-client/failures/note-failed-list.ts'
import { findRefusal } from '#lib/mcp-client/refusal.ts'
import { findHealth, noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { listServersFor, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { ServerSession } from '#lib/mcp-client/sessions/server-session.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'

/** For whom servers are asked. `run` is the turn that asks, if one does. */
export type Asker = {
  caller: Pick<Caller, 'userId' | 'role'>
  run?: { id: string; threadId: string }
  builtinFetch?: typeof fetch
  signal?: AbortSignal
}

/** What the requests of one question are sent with. */
export type AskOptions = { signal: AbortSignal; timeout: number }

/** The deadline (ms) of one question to a server, its handshake included. */
const ASK_MS = 10_000

/** The server with this name. Throws not_found if there is none that this person may use. */
export async function requireServer({ caller }: Asker, name: string): Promise<McpServer> {
  const server = (await listServersFor(caller.role)).find((one) => one.name === name)
  if (!server) throw notFound('The server')
  return server
}

/**
 * Asks a server something as this person, in a session of its own: nothing of it is shared with
 * another person or a turn. Ends within 10 s. Throws AppError with a sentence for the person; what
 * the server sent is never in the log.
 */
export async function askServer<T>(
  server: McpServer,
  asker: Asker,
  work: (client: Client, options: AskOptions) => Promise<T>,
): Promise<T> {
  const { caller, builtinFetch, run } = asker
  // It is not asked, so this is no news of it.
  if (!server.builtin && findHealth(server.url) === 'down') throw toAskError(server, toDownRefusal(server.url), false)
  // If no turn asks, the run does not exist, as when tools are listed.
  const { id: runId, threadId } = run ?? { id: newId('run'), threadId: newId('thr') }
  const who = { userId: caller.userId, runId, threadId }
  const over = AbortSignal.timeout(ASK_MS)
  const signal = asker.signal ? AbortSignal.any([asker.signal, over]) : over
  const send = server.builtin
    ? builtinTransport(who, server.url, builtinFetch)
    : new AnswerWatch(transportAs(server, who).send).fetch
  const session = new ServerSession({ url: server.url, send, connectMs: ASK_MS })
  let isOpen = false
  try {
    const asking = session.open().then(() => {
      isOpen = true
      noteAnswer(server.url)
      return work(session.client, { signal, timeout: ASK_MS })
    })
    return await withDeadline(asking, ASK_MS, () => {
      throw Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
    })
  } catch (error) {
    if (!isOpen && !asker.signal?.aborted) noteFailedList(server, error)
    throw toAskError(server, error, isOpen)
  } finally {
    void session.close()
  }
}

/** The failure of a question as an error for the person, which names the server. */
function toAskError(server: McpServer, error: unknown, isOpen: boolean): AppError {
  if (error instanceof AppError && !findRefusal(error)) return error
  const { failureClass, sentence } = toMcpFailure(error, isOpen ? 'list' : 'connect')
  log.warn({ error, server: server.name, failure_class: failureClass }, 'an MCP server was asked in vain')
  return new AppError('unavailable', sentence.replace(/\b[Tt]he server of this tool\b/g, server.name), { cause: error })
}
