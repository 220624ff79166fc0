import { setTimeout as sleep } from 'node:timers/promises'
import { findRefusedTool, withoutTools } from '#lib/agent/models/openai/failures/refused-tools.ts'
import { ModelServerError, readServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { toAnswerStream } from '#lib/agent/models/openai/transport/answer-stream.ts'
import { type FailureDetail, RUN_FAILURES, type RunFailureClass } from '#lib/data/runs/run-failures.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'

/** What is heard of a model's server beside its answer. */
export type ModelLine = {
  /** A byte came: the server is alive. `aheadMs`: it is waited for so long with good reason. */
  onSign?: (aheadMs?: number) => void
  /** Asked again in `ms`; undefined: the wait is over. Said again while it lasts. */
  onWait?: (wait: { ms: number; sentence: string } | undefined) => void
  /** The server does not accept the definition of this tool, by the name that the model sees; the turn goes on without it. */
  onToolRefused?: (name: string, detail: FailureDetail) => void
}

/** Tries beside the first (each 0.5 s to 1 s later) after what may pass at once. */
const QUICK_RETRIES = 2
const QUICK_MS = 500
/** A longer wait (ms) is told to the person, and told anew so often. */
const TELL_MS = 3_000
const TELL_EVERY_MS = 5_000
/** Refused tools for which one request is sent again. */
const REFUSED_TOOLS_MAX = 8
/** Of an error's body so much is read (bytes), for so long (ms). */
const ERROR_MAX_BYTES = 64_000
const ERROR_READ_MS = 5_000

const PASSING: ReadonlySet<RunFailureClass> = new Set([
  'model_unreachable',
  'model_limited',
  'model_overloaded',
  'model_error',
])

/**
 * The `fetch` of one turn's model: asks again after what may pass, waits as long as the server says (MODEL_WAIT_MAX in all) and tells it,
 * leaves out tools that the server does not accept, and makes a stream of whatever answer comes. Throws a ModelServerError; once the
 * answer has begun it comes out of the body.
 */
export function modelFetch(line: ModelLine = {}): typeof fetch {
  const refused = new Set<string>()
  return async (input, init = {}) => {
    const { signal } = init
    let quick = 0
    let waitedMs = 0
    for (;;) {
      const body = typeof init.body === 'string' ? withoutTools(init.body, refused) : init.body
      const answer = await ask(input, { ...init, body }, line)
      if (answer instanceof Response) return answer
      signal?.throwIfAborted()
      const tool =
        typeof body === 'string' && refused.size < REFUSED_TOOLS_MAX ? findRefusedTool(answer, body) : undefined
      if (tool !== undefined) {
        refused.add(tool)
        line.onToolRefused?.(tool, answer.detail)
        continue
      }
      const waitMs = PASSING.has(answer.failureClass)
        ? waitBefore(answer, { quick, waitedMs, isTold: line.onWait !== undefined })
        : undefined
      if (waitMs === undefined) throw answer
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

/** How long (ms) to wait before the next try; undefined if there is none. Nobody waits for long in silence. */
function waitBefore({ retryAfterMs }: ModelServerError, { quick, waitedMs, isTold }: Tries): number | undefined {
  if (retryAfterMs !== undefined && retryAfterMs > TELL_MS)
    return isTold && waitedMs + retryAfterMs <= env().MODEL_WAIT_MAX * 1_000 ? retryAfterMs : undefined
  if (quick >= QUICK_RETRIES) return undefined
  return retryAfterMs ?? QUICK_MS * 2 ** quick * (1 - Math.random() / 4)
}

/** Waits, telling what is still to come. Throws the signal's reason if it aborts. */
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
  input: Parameters<typeof fetch>[0],
  init: RequestInit,
  line: ModelLine,
): Promise<Response | ModelServerError> {
  let response: Response
  try {
    response = await fetch(input, init)
  } catch (error) {
    if (init.signal?.aborted || !(error instanceof TypeError)) throw error
    return new ModelServerError('model_unreachable', socketDetail(error), { cause: error })
  }
  line.onSign?.()
  if (!response.ok) return readServerError(await readSome(response), response)
  const wantsStream = typeof init.body === 'string' && /"stream"\s*:\s*true/.test(init.body)
  if (!wantsStream) return response
  try {
    return await toAnswerStream(response, () => line.onSign?.())
  } catch (error) {
    if (error instanceof ModelServerError) return error
    if (init.signal?.aborted || !(error instanceof TypeError)) throw error
    // It was reached, and broke before its first word.
    return new ModelServerError('model_cut', socketDetail(error), { cause: error })
  }
}

function socketDetail(error: TypeError): FailureDetail {
  const { code, message } = (error.cause ?? error) as { code?: unknown; message?: string }
  return { ...(typeof code === 'string' && { code }), ...(message && { message }) }
}

/** The beginning of a body, as far as it comes in time. */
async function readSome({ body }: Response): Promise<string> {
  if (!body) return ''
  const reader = body.getReader()
  const late = new AbortController()
  const end = sleep(ERROR_READ_MS, { done: true as const, value: undefined }, { signal: late.signal, ref: false })
  end.catch(() => undefined)
  const chunks: Uint8Array[] = []
  let bytes = 0
  while (bytes < ERROR_MAX_BYTES) {
    const { done, value } = await Promise.race([
      reader.read().catch(() => ({ done: true as const, value: undefined })),
      end,
    ])
    if (done) break
    chunks.push(value)
    bytes += value.byteLength
  }
  late.abort()
  void reader.cancel().catch(() => undefined)
  return Buffer.concat(chunks).subarray(0, ERROR_MAX_BYTES).toString('utf8')
}
