const PING_MS = 15_000
const encoder = new TextEncoder()

/** One server-sent event as the ChatKit protocol frames it: `data: <one line of JSON>` and a blank line. */
export function sseFrame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

type SseOptions = {
  /** Called once when the client goes away before the end; never called at a normal end. */
  onDetach?: () => void
  headers?: Record<string, string>
}

/**
 * A streaming response of JSON events with back-pressure. A comment line goes out each 15 s so that balancers keep the
 * connection; it is not followed by a blank line, which the official client would take for an empty message.
 * `frames` must not throw: a failure after the first byte is an event.
 */
export function sseResponse(events: AsyncIterator<unknown>, { onDetach, headers }: SseOptions = {}): Response {
  let ping: NodeJS.Timeout | undefined
  let ended = false
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        ping = setInterval(() => {
          if (!ended) controller.enqueue(encoder.encode(': ping\n'))
        }, PING_MS)
        ping.unref()
      },
      async pull(controller) {
        try {
          const next = await events.next()
          if (ended) return
          if (!next.done) return controller.enqueue(encoder.encode(sseFrame(next.value)))
          ended = true
          controller.close()
        } catch (error) {
          ended = true
          controller.error(error)
        } finally {
          if (ended) clearInterval(ping)
        }
      },
      async cancel() {
        ended = true
        clearInterval(ping)
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
