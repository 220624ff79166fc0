import { countStream } from '#lib/platform/metrics.ts'

const PING_MS = 15_000
const encoder = new TextEncoder()

/** A message of a stream. `seq` is its number, for clients that read on after a broken connection. */
export type SseMessage = { seq?: number; event: unknown }

/** One server-sent event as the ChatKit protocol frames it: `data: <one line of JSON>` and a blank line. */
function sseFrame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

type SseOptions = {
  /** Adds what lets a client read on: an `id:` line with each number, and a comment `: end` where nothing is missing at the end. */
  resumable?: boolean
  /** Called once when the client goes away before the end; never called at a normal end. */
  onDetach?: () => void
  /** Called once when the stream is over, whoever ended it. */
  onClose?: () => void
  headers?: Record<string, string>
}

/**
 * A streaming response of JSON events with back-pressure. A comment line goes out at once and each 15 s, so that balancers keep
 * the connection; it is not followed by a blank line, which the official client would take for an empty message.
 * `events` must not throw (a failure after the first byte is an event) and return whether the stream is complete.
 */
export function sseResponse(
  events: AsyncIterator<SseMessage, boolean>,
  { resumable, onDetach, onClose, headers }: SseOptions = {},
): Response {
  let ping: NodeJS.Timeout | undefined
  let ended = false
  const uncount = countStream()
  const closed = () => {
    uncount()
    onClose?.()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // The server holds the headers back until the body begins: a reader of a quiet stream must not wait for them.
        sendPing(controller)
        ping = setInterval(() => {
          if (!ended) sendPing(controller)
        }, PING_MS)
        ping.unref()
      },
      async pull(controller) {
        try {
          const next = await events.next()
          if (ended) return
          if (!next.done) {
            const { seq, event } = next.value
            const id = resumable && seq !== undefined ? `id: ${seq}\n` : ''
            return controller.enqueue(encoder.encode(id + sseFrame(event)))
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
      async cancel() {
        ended = true
        clearInterval(ping)
        closed()
        onDetach?.()
        await events.return?.()
      },
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

function sendPing(controller: ReadableStreamDefaultController<Uint8Array>): void {
  controller.enqueue(encoder.encode(': ping\n'))
}
