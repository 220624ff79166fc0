import { EventSourceParserStream } from 'eventsource-parser/stream'

/**
 * An event of a stream (WHATWG server-sent events). `retry`: how long (ms) to wait before resuming
 * the stream.
 */
export type StreamEvent = { id?: string; event?: string; data: string; retry?: number }

const encoder = new TextEncoder()

/**
 * Yields the events of a body as they arrive. Throws what the body throws. A reader that stops
 * early cancels the body.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent, void> {
  let retry: number | undefined
  const parser = new EventSourceParserStream({
    onRetry: (ms) => {
      retry = ms
    },
  })
  const events = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(parser)
  for await (const event of events) {
    yield { ...event, ...(retry !== undefined && { retry }) }
    retry = undefined
  }
}

/** Encodes events as a body. Each event is requested only when the body is read. */
export function sendEvents(events: AsyncGenerator<StreamEvent, void>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await events.next()
      if (next.done) controller.close()
      else controller.enqueue(encoder.encode(written(next.value)))
    },
    cancel: async () => {
      await events.return()
    },
  })
}

function written({ id, event, data, retry }: StreamEvent): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
    ...data.split('\n').map((line) => `data: ${line}`),
  ]
  return `${lines.join('\n')}\n\n`
}
