import { log } from '#lib/platform/log.ts'

/**
 * Texts as a stream of bytes, for a download. Each piece is made only after the client took the one
 * before. `what` names the download in the log if it breaks.
 */
export function toByteStream(pieces: AsyncGenerator<string>, what: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const next = await pieces.next()
          if (next.done) controller.close()
          else controller.enqueue(encoder.encode(next.value))
        } catch (error) {
          log.error({ error }, `${what} was cut off`)
          controller.error(error)
        }
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
