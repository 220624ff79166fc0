import { ConnectionError } from '#lib/chatkit/client/api-errors.ts'
import { readEvents, readText } from '#lib/platform/http/sent-events.ts'

/**
 * The idle timeout (ms) of a stream, once the server has sent a comment line such as `: ping`,
 * which ours sends every 15 s.
 */
const IDLE_MS = 50_000

/** An event, with its number if the server counts events. */
export type Received = { event: unknown; seq: number | null }

/**
 * `events` returns true if the server has said that the stream is complete (`: end`); a server that
 * numbers its events always says so.
 */
export type EventStream = { runId: string | null; events: AsyncGenerator<Received, boolean> }

/** The response as a stream of events; null if it is none. */
export function toEventStream(response: Response, signal: AbortSignal): EventStream | null {
  const { ok, body, headers } = response
  if (!ok || !body || !headers.get('content-type')?.startsWith('text/event-stream')) return null
  return { runId: headers.get('x-run-id'), events: readNumberedEvents(body, signal) }
}

/**
 * Messages that are not JSON are skipped, since a later one may be valid. Throws ConnectionError if
 * the connection is lost before the end, and the signal's reason when it aborts.
 */
async function* readNumberedEvents(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Received, boolean> {
  const idle = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isComplete = false
  const waitForNext = () => {
    clearTimeout(timer)
    timer = setTimeout(() => idle.abort(), IDLE_MS)
  }
  const texts = readText(body, {
    signal: AbortSignal.any([signal, idle.signal]),
    onChunk: () => {
      if (timer !== undefined) waitForNext()
    },
  })
  const events = readEvents(texts, (comment) => {
    waitForNext()
    isComplete ||= comment === 'end'
  })
  try {
    for await (const { id, data } of events) {
      const event = parse(data)
      if (event !== undefined) yield { event, seq: Number(id) || null }
    }
    return isComplete
  } catch (cause) {
    if (signal.aborted) throw cause
    throw new ConnectionError('The connection was lost.', { cause })
  } finally {
    clearTimeout(timer)
  }
}

/** The stream with an event in front that was read from it before. */
export function prepend(first: Received, { runId, events }: EventStream): EventStream {
  async function* all() {
    yield first
    return yield* events
  }
  return { runId, events: all() }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}
