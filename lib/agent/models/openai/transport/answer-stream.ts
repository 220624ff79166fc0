import { ModelServerError, toServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { UNSTATED } from '#lib/agent/models/openai/repair/repair-chat.ts'
import { inspectEvent } from '#lib/agent/models/openai/transport/inspect-event.ts'
import { toFrames, toGarbled } from '#lib/agent/models/openai/transport/unstreamed-answer.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { EVENT_MAX_CHARS, EventTooLong, readEvents, readText, toEventBody } from '#lib/platform/http/sent-events.ts'

/** How long (ms) a stream may continue after the model has finished. The token count comes then. */
const AFTER_FINISH_MS = 2_000
/** The longest whole answer (characters). */
const WHOLE_MAX_CHARS = 50_000_000
/** How much is read of a body that is not an answer (characters). */
const PAGE_MAX_CHARS = 10_000

const FINISHED = /"finish_reason"\s*:\s*"[^"]/
// Some servers write a finish reason into every chunk. A later chunk without one means that the
// model continues.
const GOES_ON = /"finish_reason"\s*:\s*null/
/** How the answers of the two APIs look. */
const CHAT = /"choices"\s*:\s*\[\s*\{/
const RESPONSES = /"type"\s*:\s*"response\./
/** The last chunk for a server that ends its answer with `[DONE]` and gives no finish reason. */
const UNSTATED_END = { choices: [{ index: 0, delta: {}, finish_reason: UNSTATED }] }
// What proxies send instead of comments to keep the connection alive.
const KEEP_ALIVE = /^\W*(?:(?:ping|pong|heart-?beat|keep-?alive|processing|null|true)\b\W*)?$/i
/** How an event stream begins. */
const FIELD = /^\s*(?::|(?:data|event|id|retry)\s*:)/im
// The first real character. White space and a byte order mark may come before it.
const FIRST = /[^\s\u{FEFF}]/u

/**
 * Converts the answer of a model's server to an event stream that the client can read, whether the
 * server sent a stream, a whole answer or nothing. A stated end counts as the end, even if the
 * socket stays open or breaks; nothing after it is read. `onSign` is called whenever bytes arrive,
 * including comments. Throws a ModelServerError: here, or out of the stream after everything before
 * it was read.
 */
export async function toAnswerStream(response: Response, onSign: () => void): Promise<Response> {
  const { status, headers } = response
  const texts = readText(response.body ?? new Blob().stream(), { onChunk: onSign })
  let head = ''
  for (let next = await texts.next(); !next.done; next = await texts.next()) {
    head += next.value
    if (FIRST.test(head)) break
  }
  const first = FIRST.exec(head)?.[0]
  const answered = { status, headers }
  if (first === undefined)
    throw new ModelServerError('model_empty', toServerError({ message: 'An empty body.' }, answered).detail)
  if (first === '<') throw toGarbled(await rest(head, texts, PAGE_MAX_CHARS), answered)
  const frames =
    first === '{' || first === '['
      ? toFrames(await rest(head, texts, WHOLE_MAX_CHARS), answered).map((data) => ({ data }))
      : readAnswer(head, texts, answered)
  const requestId = headers.get('x-request-id')
  return new Response(toEventBody(frames), {
    headers: { 'content-type': 'text/event-stream', ...(requestId && { 'x-request-id': requestId }) },
  })
}

async function rest(head: string, texts: AsyncGenerator<string>, maxChars: number): Promise<string> {
  let all = head
  for (let next = await texts.next(); !next.done; next = await texts.next()) {
    all += next.value
    if (all.length > maxChars) break
  }
  void texts.return(undefined)
  return all.slice(0, maxChars)
}

type Event = { event?: string | undefined; data: string }

/** The events of a stream up to its end. */
async function* readAnswer(
  head: string,
  texts: AsyncGenerator<string>,
  answered: { status: number; headers: Headers },
): AsyncGenerator<Event> {
  const events = readEvents(startWith(head, texts))
  let finishedAt: number | undefined
  let count = 0
  /** The API whose answer has begun. */
  let begun: 'chat' | 'responses' | undefined
  /** A frame that may report a failure. It counts as one if no answer follows. */
  let suspect: ModelServerError | undefined
  try {
    for (;;) {
      const reading = events.next()
      reading.catch(() => undefined)
      const next = await (finishedAt === undefined
        ? reading
        : withinOrEnd(reading, finishedAt + AFTER_FINISH_MS - Date.now()))
      if (next.done) break
      // Some proxies prefix each line of a stream with `data:` once more.
      const event = { event: next.value.event, data: next.value.data.replace(/^(?:\s*data:)+/, '').trim() }
      if (/^\[done\]$/i.test(event.data)) {
        if (suspect && begun === undefined) throw suspect
        if (begun === 'chat' && finishedAt === undefined) yield { data: JSON.stringify(UNSTATED_END) }
        yield { data: '[DONE]' }
        return
      }
      if (event.event !== 'error' && !event.data.startsWith('{')) {
        if (!KEEP_ALIVE.test(event.data)) suspect ??= toServerError({ message: event.data }, answered)
        continue
      }
      count += 1
      begun ??= CHAT.test(event.data) ? 'chat' : RESPONSES.test(event.data) ? 'responses' : undefined
      if (FINISHED.test(event.data)) finishedAt = Date.now()
      else if (GOES_ON.test(event.data)) finishedAt = undefined
      const { isLast, failure, suspicion } = inspectEvent(event, answered)
      suspect ??= suspicion
      yield event
      if (failure) throw failure
      if (isLast) return
    }
    if (suspect && finishedAt === undefined) throw suspect
    if (count === 0 && !FIELD.test(head)) throw toGarbled(head, answered)
    if (count === 0)
      throw new ModelServerError(
        'model_empty',
        toServerError({ message: 'A stream without an event.' }, answered).detail,
      )
  } catch (error) {
    if (error instanceof EventTooLong) throw toGarbled(`An event of more than ${EVENT_MAX_CHARS} characters.`, answered)
    throw error
  } finally {
    // Not awaited, because a server that leaves the socket open would block here.
    void events.return().catch(() => undefined)
  }
}

async function* startWith(head: string, texts: AsyncGenerator<string>): AsyncGenerator<string> {
  yield head
  yield* texts
}

/**
 * Reads on after the model has finished. Silence for `ms` or a broken socket then counts as the
 * end.
 */
async function withinOrEnd<T>(reading: Promise<IteratorResult<T, void>>, ms: number): Promise<IteratorResult<T, void>> {
  const end = { done: true, value: undefined } as const
  return withDeadline(
    reading.catch(() => end),
    Math.max(0, ms),
    () => end,
  )
}
