import { encodeEvent } from '#lib/platform/http/sent-events.ts'
import { countStream } from '#lib/platform/metrics/http-metrics.ts'

const PING_MS = 15_000
/** How long (ms) a stream that was ended waits for the error that says why. */
const LAST_WORD_MS = 3_000
const encoder = new TextEncoder()

/**
 * A message of a stream. `seq` is its number, for clients that resume after a broken connection.
 */
export type SseMessage = { seq?: number; event: unknown }

type SseOptions = {
  /**
   * Lets clients resume: adds an `id:` line with each number, and a comment `: end` if the stream
   * is complete.
   */
  resumable?: boolean
  /** Called once if the client disconnects before the end; not called at a normal end. */
  onDetach?: () => void
  /** Called once when the stream is over, at a normal end or not. */
  onClose?: () => void
  /** Closes the stream, as if the connection broke. Only an error that says why may still come, for 3 s. */
  ended?: AbortSignal
  headers?: Record<string, string>
}

/**
 * Streams JSON events with back-pressure. A comment line is sent at once and every 15 s, so that
 * load balancers keep the connection open. No blank line follows it, because the official client
 * would read that as an empty message. `events` must not throw (a failure after the first byte is
 * an event). It returns whether the stream is complete.
 */
export function sseResponse(
  events: AsyncIterator<SseMessage, boolean>,
  { resumable, onDetach, onClose, ended: cut, headers }: SseOptions = {},
): Response {
  let ping: NodeJS.Timeout | undefined
  let ended = false
  const uncount = countStream()
  const closed = () => {
    uncount()
    onClose?.()
  }
  const detach = async () => {
    ended = true
    clearInterval(ping)
    closed()
    onDetach?.()
    await events.return?.()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // The server holds the headers back until the body begins; the first ping releases them on
        // a quiet stream.
        sendPing(controller)
        ping = setInterval(() => {
          if (!ended) sendPing(controller)
        }, PING_MS)
        ping.unref()
        cut?.addEventListener('abort', () => {
          const close = () => {
            if (ended) return
            controller.close()
            void detach()
          }
          setTimeout(close, LAST_WORD_MS).unref()
        })
      },
      async pull(controller) {
        try {
          let next = await events.next()
          while (cut?.aborted && !next.done && !isError(next.value.event)) next = await events.next()
          if (ended) return
          if (!next.done) {
            const { seq, event } = next.value
            const id = resumable && seq !== undefined ? String(seq) : undefined
            return controller.enqueue(encodeEvent({ id, data: JSON.stringify(event) }))
          }
          ended = true
          if (resumable && next.value) controller.enqueue(encoder.encode(': end\n'))
          controller.close()
        } catch (error) {
          ended = true
          controller.error(error)
        } finally {
          if (ended) {
            clearInterval(ping)
            closed()
          }
        }
      },
      cancel: detach,
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      ...headers,
    },
  })
}

function isError(event: unknown): boolean {
  return (event as { type?: unknown }).type === 'error'
}

function sendPing(controller: ReadableStreamDefaultController<Uint8Array>): void {
  controller.enqueue(encoder.encode(': ping\n'))
}
