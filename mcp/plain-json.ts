const EVENT = /^event: message\n(?:id: [^\n]*\n)?data: (.*)\n\n$/

/**
 * The SDK answers clients of the revisions before 2026-07-28 with an event stream, even when it holds the result alone.
 * This makes plain JSON of such a stream; one that begins with anything else goes on as it is.
 */
export async function toPlainJson(response: Response): Promise<Response> {
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response
  const reader = response.body.getReader()
  const first = await reader.read()
  // The server ended without a word: the client went away.
  if (first.done) return new Response(null, { status: 499 })
  const data = EVENT.exec(new TextDecoder().decode(first.value))?.[1]
  if (data && isResult(data)) {
    await reader.cancel()
    return new Response(data, { headers: { 'content-type': 'application/json' } })
  }
  const rest = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first.value),
    pull: async (controller) => {
      const next = await reader.read()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
    cancel: (reason) => reader.cancel(reason),
  })
  return new Response(rest, { status: response.status, headers: response.headers })
}

function isResult(data: string): boolean {
  const message = JSON.parse(data)
  return 'result' in message || 'error' in message
}
