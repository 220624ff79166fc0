import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'

/** Longer than any stream of a test. */
const DEADLINE_MS = 240_000

type Person = { headers: { cookie: string } }
export type Received = { id: number; event: ThreadStreamEvent }

/** One open stream of numbered events, as a page reads it. */
export class Stream {
  readonly received: Received[] = []
  readonly response: Response
  /** True once the server has said that nothing is missing. */
  complete = false
  readonly #gone: AbortController
  #rest = ''

  constructor(response: Response, gone: AbortController) {
    this.response = response
    this.#gone = gone
  }

  get runId(): string {
    return this.response.headers.get('x-run-id') ?? ''
  }

  get events(): ThreadStreamEvent[] {
    return this.received.map(({ event }) => event)
  }

  get lastId(): number {
    return this.received.findLast(({ id }) => id > 0)?.id ?? 0
  }

  get threadId(): string {
    for (const { event } of this.received) if (event.type === 'thread.created') return event.thread.id
    throw new Error('no thread was created')
  }

  /** Reads until `enough` returns true, or to the end. Throws the connection's error. */
  async read(enough: () => boolean = () => false): Promise<this> {
    const reader = (this.response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    try {
      while (!enough()) {
        const { value, done } = await reader.read()
        if (done) break
        this.#take(decoder.decode(value, { stream: true }))
      }
      return this
    } finally {
      reader.releaseLock()
    }
  }

  /** Cuts the connection, as a lost network does. */
  cut(): void {
    this.#gone.abort()
  }

  #take(text: string): void {
    const frames = (this.#rest + text).split('\n\n')
    this.#rest = frames.pop() ?? ''
    for (const frame of frames) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1]
      const data = field('data')
      if (data) this.received.push({ id: Number(field('id') ?? 0), event: JSON.parse(data) })
    }
    if (this.#rest.includes(': end\n')) this.complete = true
  }
}

/** Posts one ChatKit operation. */
export function post(
  url: string,
  person: Person,
  type: string,
  params: object,
  init: RequestInit & { requestId?: string } = {},
) {
  const { requestId = crypto.randomUUID(), ...rest } = init
  return fetch(`${url}/api/chatkit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...person.headers },
    body: JSON.stringify({ type, params, metadata: { request_id: requestId, resume: true } }),
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...rest,
  })
}

/** Opens a stream. Throws if it is refused. */
export async function open(
  url: string,
  person: Person,
  type: string,
  params: object,
  requestId?: string,
): Promise<Stream> {
  const gone = new AbortController()
  const response = await post(url, person, type, params, {
    requestId,
    signal: AbortSignal.any([gone.signal, AbortSignal.timeout(DEADLINE_MS)]),
  })
  if (!response.ok) throw new Error(`${type} answered ${response.status}: ${await response.text()}`)
  return new Stream(response, gone)
}

/**
 * The text of a stream's last assistant message as a client assembles it: from deltas, or from the
 * finished item.
 */
export function textOf(received: Received[]): string {
  let text = ''
  for (const { event } of received) {
    if (event.type === 'thread.item.added' && event.item.type === 'assistant_message') text = ''
    if (event.type === 'thread.item.updated' && 'delta' in event.update) text += event.update.delta
    if (event.type === 'thread.item.done' && event.item.type === 'assistant_message')
      text = event.item.content.map((part) => part.text).join('')
  }
  return text
}

/** The number of text deltas. */
export function deltas(received: Received[]): number {
  return received.filter(({ event }) => event.type === 'thread.item.updated' && 'delta' in event.update).length
}

/** A person's message, as the params of a request. */
export function message(text: string, threadId?: string) {
  return {
    ...(threadId && { thread_id: threadId }),
    input: { content: [{ type: 'input_text', text }], attachments: [], inference_options: {} },
  }
}
