const RECHECK_MS = 15_000

/**
 * Ends a streaming response once `stillAllowed` says no: a caller who may no longer open the stream
 * may not keep it. Asks every 15 s; if asking fails (for example, the database is down), the stream
 * continues. Returns any other response unchanged. `onClose` is called when the response is
 * complete or its stream ends.
 */
export function endWhenDisallowed(
  response: Response,
  stillAllowed: () => Promise<boolean>,
  onClose: () => void,
): Response {
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
    onClose()
    return response
  }
  const reader = response.body.getReader()
  const end = () => {
    clearInterval(recheck)
    onClose()
  }
  const recheck = setInterval(async () => {
    if (!(await stillAllowed().catch(() => true))) await reader.cancel().catch(() => {})
  }, RECHECK_MS).unref()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          end()
          controller.close()
        } catch (error) {
          end()
          controller.error(error)
        }
      },
      async cancel(reason) {
        end()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status: response.status, headers: response.headers })
}
