import { createParser } from 'eventsource-parser'

/**
 * A server-sent event (WHATWG). `retry`: how long (ms) to wait before the stream is resumed.
 */
export type SentEvent = {
  id?: string | undefined
  event?: string | undefined
  data: string
  retry?: number | undefined
}

/** The longest event (characters). */
export const EVENT_MAX_CHARS = 50_000_000

/** An event of a stream is longer than EVENT_MAX_CHARS. No AppError: browsers read streams too. */
export class EventTooLong extends Error {
  override name = 'EventTooLong'
}

/**
 * Yields the events of a stream as they arrive. The last event may lack its empty line. It then counts
 * only if its data is whole JSON, because a stream that broke off ends in half an event.
 * `onComment` gets the text of each comment line. Throws EventTooLong, and what `texts` throws.
 */
export async function* readEvents(
  texts: AsyncIterable<string>,
  onComment?: (comment: string) => void,
): AsyncGenerator<SentEvent, void> {
  let parsed: SentEvent[] = []
  let retry: number | undefined
  const parser = createParser({
    onEvent: (event) => {
      parsed.push(retry === undefined ? event : { ...event, retry })
      retry = undefined
    },
    onRetry: (ms) => {
      retry = ms
    },
    onError: ({ type, message }) => {
      if (type === 'max-buffer-size-exceeded') throw new EventTooLong(message)
    },
    maxBufferSize: EVENT_MAX_CHARS,
    ...(onComment && { onComment }),
  })
  const take = (text: string) => {
    parser.feed(text)
    const events = parsed
    parsed = []
    return events
  }
  for await (const text of texts) yield* take(text)
  yield* take('\n\n').filter(({ data }) => isJson(data))
}

/** Reads a body's events. A reader that stops early cancels the body. Throws as `readEvents` does. */
export function readBodyEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SentEvent, void> {
  return readEvents(readText(body))
}

/**
 * Yields the text of a body as it arrives, and cancels the body at the end. Throws what the body
 * throws, and the signal's reason when it aborts. `onChunk` is called whenever bytes arrive.
 */
export async function* readText(
  body: ReadableStream<Uint8Array>,
  { signal, onChunk }: { signal?: AbortSignal; onChunk?: () => void } = {},
): AsyncGenerator<string, void> {
  // Safari 17.5 cannot iterate over a stream.
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const cancel = () => reader.cancel(signal?.reason).catch(() => undefined)
  signal?.addEventListener('abort', cancel)
  try {
    while (true) {
      const { done, value } = await reader.read()
      signal?.throwIfAborted()
      if (done) return
      onChunk?.()
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
    await cancel()
  }
}

/** Encodes an event for the wire. */
export function encodeEvent({ id, event, data, retry }: SentEvent): Uint8Array<ArrayBuffer> {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
    ...data.split('\n').map((line) => `data: ${line}`),
  ]
  // Made here, because the element's script is also loaded where there is no TextEncoder.
  return new TextEncoder().encode(`${lines.join('\n')}\n\n`)
}

/**
 * Encodes events as a body. Each event is asked for only when the body is read: an event in a queue
 * would be lost with a later error.
 */
export function toEventBody(events: AsyncIterable<SentEvent> | Iterable<SentEvent>): ReadableStream<Uint8Array> {
  async function* frames() {
    for await (const event of events) yield encodeEvent(event)
  }
  const iterator = frames()
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await iterator.next()
        if (next.done) controller.close()
        else controller.enqueue(next.value)
      },
      cancel: async () => {
        await iterator.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
