import { askOf, makeNoAnswer, type NoAnswer } from '#lib/mcp-client/answers/no-answer.ts'
import {
  type Asked,
  isAnswer,
  isAnswerTo,
  offersTasks,
  readAnswer,
  type Takes,
} from '#lib/mcp-client/answers/read-answer.ts'
import { isFields } from '#lib/mcp-client/answers/read-result.ts'
import { ServerAsks } from '#lib/mcp-client/answers/server-asks.ts'
import { TurnedAway } from '#lib/mcp-client/answers/turned-away.ts'
import type { LeftOut } from '#lib/mcp-client/answers/usable-tools.ts'
import { encodeEvent, readBodyEvents, type SentEvent, toEventBody } from '#lib/platform/http/sent-events.ts'
import { WireError } from '#lib/platform/net/wire-error.ts'

// These statuses have a meaning of their own, which a JSON-RPC body would hide from the SDK.
const STATUS_SPEAKS = new Set([401, 403, 404])
// How often a stream may be resumed without any data in between.
const RESUMES_MAX = 5
const PAGES_MAX = 20
const TOOLS_MAX = 500

/** The requests during which a server may ask. */
const BEARS_QUESTIONS = new Set(['tools/call', 'tasks/result'])

type Waiting = Asked & { resumes: number }

/**
 * Sits between the SDK and the network, and makes sure that every request gets an answer that the
 * SDK can read. It repairs what a server sends if the meaning is clear, and reports at once an
 * answer that can no longer come. It also records what a server asks for during a call.
 */
export class AnswerWatch {
  /** The tools that were left out of listings. */
  readonly leftOut: LeftOut[] = []
  readonly #send: typeof fetch
  #takes: Takes
  /** What the server asked for during the calls. */
  readonly asks = new ServerAsks()
  /** How much of the list of tools that is being read has come. */
  #listed = { pages: 0, tools: 0 }
  /** Streams that broke off, by the id of their last event. The SDK resumes them. */
  readonly #broken = new Map<string, Waiting>()

  /** `takes` names what reaches the client besides results: questions to the person, begun tasks. */
  constructor(send: typeof fetch, takes: Takes = {}) {
    this.#send = send
    this.#takes = takes
  }

  readonly fetch: typeof fetch = async (input, init) => {
    if (init?.method === 'GET') return this.#listen(input, init)
    const asked = init?.method === 'POST' && typeof init.body === 'string' ? askedIn(init.body) : undefined
    if (!asked) return this.#send(input, init)
    if (asked.trace) this.asks.begin(asked.trace)
    const response = await this.#send(input, init)
    if (!response.ok) return passOnRefusal(response, asked, this.#takes)
    const type = response.headers.get('content-type') ?? ''
    if (response.status === 202 || response.status === 204) {
      await response.body?.cancel()
      return insteadOf(response, makeNoAnswer(asked.id, { why: 'accepted' }))
    }
    if (/text\/event-stream/i.test(type)) return this.#watched(response, { ...asked, resumes: 0 }, init?.signal)
    return /application\/json/i.test(type) ? this.#whole(response, asked) : response
  }

  /**
   * Handles a stream that the client opens: for messages that belong to no request, or to resume an
   * answer that broke off.
   */
  async #listen(input: RequestInfo | URL, init: RequestInit): Promise<Response> {
    const last = new Headers(init.headers).get('last-event-id')
    const waiting = last === null ? undefined : this.#broken.get(last)
    if (!waiting || last === null) {
      const response = await this.#send(input, init)
      return response.ok && response.body ? this.#watched(response, undefined, init.signal) : response
    }
    waiting.resumes += 1
    const response = await this.#send(input, init).catch((error) => {
      if (waiting.resumes < 2) throw error
      return undefined
    })
    this.#broken.delete(last)
    if (response?.ok && response.body) return this.#watched(response, waiting, init.signal, last)
    await response?.body?.cancel()
    const ended = encodeEvent({ data: JSON.stringify(makeNoAnswer(waiting.id, { why: 'ended' })) })
    return new Response(ended, { headers: { 'content-type': 'text/event-stream' } })
  }

  async #whole(response: Response, asked: Asked): Promise<Response> {
    const text = await response.text().catch((cause) => Promise.reject(new WireError(cause, { left: true })))
    const messages = [parsed(text)].flat()
    const found = messages.filter(isAnswer).find((message) => isAnswerTo(message, asked))
    const why = found ? undefined : messages.some(isAnswer) ? 'other_id' : 'unreadable'
    return insteadOf(response, found ? this.#read(found, asked) : makeNoAnswer(asked.id, { why: why ?? 'unreadable' }))
  }

  #read(message: Parameters<typeof readAnswer>[0], asked: Asked): object {
    if (asked.method === 'initialize') this.#takes = { ...this.#takes, runsTasks: offersTasks(message) }
    const answer = readAnswer(message, asked, (leftOut) => void this.leftOut.push(...leftOut), this.#takes)
    return asked.method === 'tools/list' ? this.#withinPages(answer, asked) : answer
  }

  /** Ends a list of tools after 20 pages or 500 tools, because the SDK would drop it whole. */
  #withinPages(answer: object, { isFirst }: Asked): object {
    const { result } = answer as { result?: { tools: unknown[]; nextCursor?: string } }
    if (!result) return answer
    if (isFirst) this.#listed = { pages: 0, tools: 0 }
    const listed = this.#listed
    listed.pages += 1
    listed.tools += result.tools.length
    if (result.nextCursor === undefined || (listed.pages < PAGES_MAX && listed.tools < TOOLS_MAX)) return answer
    const name = 'further pages'
    if (listed.tools >= TOOLS_MAX) this.leftOut.push({ name, why: `more than ${TOOLS_MAX} tools` })
    else this.leftOut.push({ name, why: `the list has no end within ${PAGES_MAX} pages`, fault: 'endless_list' })
    const { nextCursor: _, ...last } = result
    return { ...answer, result: last }
  }

  #watched(
    response: Response,
    waiting: Waiting | undefined,
    signal: AbortSignal | null | undefined,
    resumedAt?: string,
  ): Response {
    const { status, headers, body } = response
    return new Response(body && toEventBody(this.#heard(body, waiting, signal, resumedAt)), { status, headers })
  }

  async *#heard(
    body: ReadableStream<Uint8Array>,
    waiting: Waiting | undefined,
    signal: AbortSignal | null | undefined,
    resumedAt: string | undefined,
  ): AsyncGenerator<SentEvent, void> {
    let open = waiting
    let lastId = resumedAt
    let why: NoAnswer['why'] = 'ended'
    // The SDK forgets its resume position unless the stream repeats it.
    if (resumedAt !== undefined) yield { id: resumedAt, data: '' }
    try {
      for await (const event of readBodyEvents(body)) {
        if (event.id) lastId = event.id
        if (event.data && open) open.resumes = 0
        const messages = messagesOf(event)
        if (messages.length === 0) yield event
        for (const message of messages) {
          if (!isFields(message)) why = 'unreadable'
          else if (message.id !== undefined) {
            const ask = askOf(message.method)
            if (ask === 'elicitation' && this.#takes.questions) this.asks.place(message.id, open)
            else this.asks.note(ask, open)
          }
          if (!open || !isAnswer(message)) yield { ...event, data: JSON.stringify(message) }
          else {
            const answer = isAnswerTo(message, open)
              ? this.#read(message, open)
              : makeNoAnswer(open.id, { why: 'other_id' })
            open = undefined
            yield { ...event, data: JSON.stringify(answer) }
          }
        }
      }
    } catch (error) {
      if (signal?.aborted || !open) throw error
      if (/longer than/.test(String(error))) why = 'too_long'
    }
    if (!open || signal?.aborted) return
    if (lastId !== undefined && why === 'ended' && open.resumes < RESUMES_MAX) this.#broken.set(lastId, open)
    else yield { data: JSON.stringify(makeNoAnswer(open.id, { why } as NoAnswer)) }
  }
}

/** The request in a body; undefined for a message that expects no answer. */
function askedIn(body: string): Asked | undefined {
  const message = parsed(body)
  if (!isFields(message) || typeof message.method !== 'string') return undefined
  const { id, method } = message
  if (typeof id !== 'string' && typeof id !== 'number') return undefined
  const meta = isFields(message.params) && isFields(message.params._meta) ? message.params._meta : {}
  const modern = typeof meta['io.modelcontextprotocol/protocolVersion'] === 'string'
  return {
    id,
    method,
    modern,
    ...(method === 'tools/list' &&
      !(isFields(message.params) && message.params.cursor !== undefined) && { isFirst: true }),
    ...(BEARS_QUESTIONS.has(method) && typeof meta.traceparent === 'string' && { trace: meta.traceparent }),
  }
}

/**
 * Throws TurnedAway for 413 and 429. Passes on a JSON-RPC answer that came under another status
 * than 200 as an answer.
 */
async function passOnRefusal(response: Response, asked: Asked, takes: Takes): Promise<Response> {
  const { status, headers } = response
  if (status === 413 || status === 429) {
    await response.body?.cancel()
    throw new TurnedAway(status, headers.get('retry-after'))
  }
  // During revision negotiation the SDK decides by the status.
  const negotiates = asked.method === 'server/discover' || asked.method === 'initialize'
  if (STATUS_SPEAKS.has(status) || negotiates || !/application\/json/i.test(headers.get('content-type') ?? ''))
    return response
  const text = await response.text().catch(() => '')
  const message = parsed(text)
  if (isAnswer(message) && isAnswerTo(message, asked))
    return insteadOf(response, readAnswer(message, asked, undefined, takes))
  return new Response(text, { status, headers })
}

function insteadOf({ headers }: Response, message: object): Response {
  const kept = new Headers(headers)
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) kept.delete(name)
  kept.set('content-type', 'application/json')
  return new Response(JSON.stringify(message), { headers: kept })
}

/** The messages of an event, if it holds any. A message that is not JSON becomes null. */
function messagesOf({ event, data }: SentEvent): unknown[] {
  if (!data || (event !== undefined && event !== 'message')) return []
  return [parsed(data) ?? null].flat()
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller handles text that is not JSON.
    return undefined
  }
}
