import { setTimeout as sleep } from 'node:timers/promises'
import { ModelServerError, readServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { FittedTools, type ToolsLine } from '#lib/agent/models/openai/fitting/fitted-tools.ts'
import { toAnswerStream } from '#lib/agent/models/openai/transport/answer-stream.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'
import { RUN_FAILURES, type RunFailureClass } from '#lib/data/runs/run-failures.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { ForbiddenAddressError } from '#lib/platform/net/pinned-fetch.ts'
import { WireError } from '#lib/platform/net/wire-error.ts'

/** What a model's server says besides its answer. */
export type ModelLine = ToolsLine & {
  /**
   * Called when bytes arrive: the server is alive. `aheadMs` says for how long (ms) silence is
   * expected.
   */
  onSign?: (aheadMs?: number) => void
  /**
   * Called with the time left (ms) while a request waits to be sent again, more than once in a long
   * wait; undefined when the wait is over.
   */
  onWait?: (wait: { ms: number; sentence: string } | undefined) => void
  /** Called before a request is sent again. May refuse that by throwing. */
  beforeRetry?: () => Promise<void>
}

/** How the requests of a client are sent. */
type Sending = {
  /** By default the process's own `fetch`. */
  send?: typeof fetch
  /** False if another model can answer instead, so that nobody has to wait for this one. */
  waits?: boolean
}

/** Retries of failures that may pass at once: after about 0.5 s, then about 1 s. */
const QUICK_RETRIES = 2
const QUICK_MS = 500
/** A wait longer than this (ms) is shown to the person, and updated every TELL_EVERY_MS. */
const TELL_MS = 3_000
const TELL_EVERY_MS = 5_000
/** How much of an error's body is read (bytes), and for how long (ms). */
const ERROR_MAX_BYTES = 64_000
const ERROR_READ_MS = 5_000
/** The longest answer (bytes) that is not streamed. */
const WHOLE_MAX_BYTES = 8 * 1024 * 1024

const PASSING: ReadonlySet<RunFailureClass> = new Set([
  'model_unreachable',
  'model_limited',
  'model_overloaded',
  'model_error',
])

/**
 * The `fetch` of one turn's model. Retries failures that may pass, waits as long as the server says
 * (MODEL_WAIT_MAX seconds in total) and reports the wait, leaves out what the server does not accept
 * of tools, and makes a stream of any answer. Throws a ModelServerError; after the answer has begun,
 * its body throws it.
 */
export function modelFetch(line: ModelLine = {}, { send = fetch, waits = true }: Sending = {}): typeof fetch {
  const tools = new FittedTools(line)
  return async (input, init = {}) => {
    const { signal } = init
    let quick = 0
    let waitedMs = 0
    for (let isFirst = true; ; isFirst = false) {
      if (!isFirst) await line.beforeRetry?.()
      const body = typeof init.body === 'string' ? tools.fit(init.body) : init.body
      const question = new AbortController()
      const ends = signal ? AbortSignal.any([signal, question.signal]) : question.signal
      const answer = await ask(send, input, { ...init, body, signal: ends }, line)
      if (answer instanceof Response) {
        if (tools.noteTaken()) return answer
        // Cancelling a body that nobody has begun to read would leave the model writing.
        question.abort()
        continue
      }
      signal?.throwIfAborted()
      if (typeof body === 'string' && (await tools.learn(answer, body))) continue
      const waitMs = PASSING.has(answer.failureClass)
        ? waitBefore(answer, { quick, waitedMs, isTold: waits && line.onWait !== undefined })
        : undefined
      if (waitMs === undefined) throw tools.giveUp(answer)
      log.info(
        { failure_class: answer.failureClass, ...toLog(answer.detail), wait_ms: Math.round(waitMs) },
        'the model is asked again',
      )
      await pause(waitMs, answer.failureClass, line, signal)
      if (waitMs > TELL_MS) waitedMs += waitMs
      else quick += 1
    }
  }
}

/** What a provider said, as fields of a log line. */
export function toLog({ status, code, type, param, message, requestId }: FailureDetail) {
  return {
    model_status: status,
    model_code: code,
    model_type: type,
    model_param: param,
    model_message: message,
    model_request_id: requestId,
  }
}

type Tries = { quick: number; waitedMs: number; isTold: boolean }

/**
 * How long (ms) to wait before the next try; undefined if there is none. Waits long only if the
 * person is told.
 */
function waitBefore({ retryAfterMs }: ModelServerError, { quick, waitedMs, isTold }: Tries): number | undefined {
  if (retryAfterMs !== undefined && retryAfterMs > TELL_MS)
    return isTold && waitedMs + retryAfterMs <= env().MODEL_WAIT_MAX * 1_000 ? retryAfterMs : undefined
  if (quick >= QUICK_RETRIES) return undefined
  return retryAfterMs ?? QUICK_MS * 2 ** quick * (1 - Math.random() / 4)
}

/** Waits, and reports the time left. Throws an AbortError if the signal aborts. */
async function pause(
  ms: number,
  failureClass: RunFailureClass,
  line: ModelLine,
  signal: AbortSignal | null | undefined,
): Promise<void> {
  const until = Date.now() + ms
  const isTold = ms > TELL_MS
  line.onSign?.(ms)
  for (let left = ms; left > 0; left = until - Date.now()) {
    if (isTold) line.onWait?.({ ms: left, sentence: RUN_FAILURES[failureClass].sentence })
    await sleep(Math.min(left, TELL_EVERY_MS), undefined, { signal: signal ?? undefined })
  }
  if (isTold) line.onWait?.(undefined)
}

async function ask(
  send: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit,
  line: ModelLine,
): Promise<Response | ModelServerError> {
  let response: Response
  try {
    response = await send(input, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    if (error instanceof ForbiddenAddressError)
      return new ModelServerError('model_forbidden_address', { message: error.message }, { cause: error })
    if (!(error instanceof TypeError || error instanceof WireError)) throw error
    return new ModelServerError('model_unreachable', socketDetail(error), { cause: error })
  }
  line.onSign?.()
  if (!response.ok) return readServerError(await readSome(response), response)
  const wantsStream = typeof init.body === 'string' && /"stream"\s*:\s*true/.test(init.body)
  if (!wantsStream) return withByteLimit(response)
  try {
    return await toAnswerStream(response, () => line.onSign?.())
  } catch (error) {
    if (error instanceof ModelServerError) return error
    if (init.signal?.aborted || !(error instanceof TypeError)) throw error
    // The server was reached, but the connection broke before its first word.
    return new ModelServerError('model_cut', socketDetail(error), { cause: error })
  }
}

/** A whole answer (a list of models, the words of a recording), which ends with an error if it is too long. */
function withByteLimit({ body, status, headers }: Response): Response {
  let left = WHOLE_MAX_BYTES
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      left -= chunk.byteLength
      if (left >= 0) controller.enqueue(chunk)
      else controller.error(new ModelServerError('model_garbled', { message: 'The answer is longer than 8 MB.' }))
    },
  })
  return new Response(body?.pipeThrough(limit) ?? null, { status, headers })
}

function socketDetail(error: Error): FailureDetail {
  const { code, message } = (error.cause ?? error) as { code?: unknown; message?: string }
  return { ...(typeof code === 'string' && { code }), ...(message && { message }) }
}

/** The beginning of a body, as far as it arrives in time. */
async function readSome({ body }: Response): Promise<string> {
  if (!body) return ''
  const reader = body.getReader()
  const end = { done: true as const, value: undefined }
  const until = Date.now() + ERROR_READ_MS
  const chunks: Uint8Array[] = []
  let bytes = 0
  while (bytes < ERROR_MAX_BYTES) {
    const read = reader.read().catch(() => end)
    const { done, value } = await withDeadline(read, until - Date.now(), () => end)
    if (done) break
    chunks.push(value)
    bytes += value.byteLength
  }
  void reader.cancel().catch(() => undefined)
  return Buffer.concat(chunks).subarray(0, ERROR_MAX_BYTES).toString('utf8')
}
