const RECHECK_MS = 15_000

/**
 * An answer that streams, so that it ends when `stillAllowed` says no: whoever may not open the stream any more may not keep
 * it. Asked every 15 s; where the question fails (the database is away) the stream goes on. Any other answer as it is. `onClose` is
 * called once the answer is whole, or its stream over.
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
