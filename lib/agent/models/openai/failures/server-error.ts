import { classifyFailure, type Said, type SaidWait } from '#lib/agent/models/openai/failures/classify-failure.ts'
import { withoutKeys } from '#lib/agent/models/openai/failures/known-keys.ts'
import { isWaitField, readRetryAfter } from '#lib/agent/models/openai/failures/retry-after.ts'
import { isObject } from '#lib/agent/models/openai/repair/call-arguments.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'
import type { RunFailureClass } from '#lib/data/runs/run-failures.ts'
import { toSafeDetail } from '#lib/mcp-client/failures/mcp-failure.ts'
import { REDACTED } from '#lib/platform/redaction/redact.ts'

/**
 * A failure that the model's server reported or that happened on the way to it, with its class and
 * what was said. No AppError: `toTurnFailure` has the sentences.
 */
export class ModelServerError extends Error {
  readonly failureClass: RunFailureClass
  /** Contains no secrets. Never shown to the person. */
  readonly detail: FailureDetail
  /** How long (ms) the server wants us to wait before we ask again. */
  readonly retryAfterMs: number | undefined

  constructor(
    failureClass: RunFailureClass,
    detail: FailureDetail = {},
    { retryAfterMs, cause }: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    // The client takes an error for its own timeout if the text says so, so the server's words stay
    // out of it.
    super(`the model failed: ${failureClass}`, cause === undefined ? undefined : { cause })
    this.name = 'ModelServerError'
    this.failureClass = failureClass
    this.detail = detail
    this.retryAfterMs = retryAfterMs
  }
}

/** The ModelServerError among this error and its causes, at most six levels deep. */
export function findServerError(error: unknown): ModelServerError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 6; depth += 1, at = at.cause)
    if (at instanceof ModelServerError) return at
  return undefined
}

type Answered = { status?: number; headers?: Headers }

/**
 * Reads the answer of a server that failed: its status, headers and body text, in all forms that
 * servers use.
 */
export function readServerError(text: string, answered: Answered): ModelServerError {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = { message: pageText(text) }
  }
  return toServerError(body, answered)
}

/** Makes an error from a body that is already parsed, or from a frame of a stream. */
export function toServerError(body: unknown, { status, headers = new Headers() }: Answered): ModelServerError {
  const said = readSaid(body)
  const inBody = asStatus(said.code)
  // If the HTTP status is 200, the status in the body counts.
  const meant = status !== undefined && status >= 400 ? status : inBody
  const retryAfterMs = readRetryAfter(headers, said)
  const failureClass = classifyFailure({ ...said, status: meant, retryAfterMs })
  const requestId = requestIdOf(headers, body)
  const detail: FailureDetail = {
    ...((meant ?? status) !== undefined && { status: meant ?? status }),
    ...(said.code !== undefined && { code: toSafe(said.code) }),
    ...(said.type !== undefined && { type: toSafe(said.type) }),
    ...(said.param !== undefined && { param: toSafe(said.param) }),
    ...(said.message && { message: toSafe(said.message) }),
    ...(requestId && { requestId: toSafe(requestId) }),
  }
  return new ModelServerError(failureClass, detail, { retryAfterMs })
}

/** True if a body or frame with status 200 is a failure. */
export function isFailure(body: Fields): boolean {
  return (
    Boolean(body.error) || body.object === 'error' || (isObject(body.base_resp) && Boolean(body.base_resp.status_code))
  )
}

/**
 * True if it has a message and no answer. That may be an error (FastAPI), or only a note before the
 * answer.
 */
export function isFailureBody(body: Fields): boolean {
  if (['choices', 'output', 'response', 'item'].some((field) => body[field] !== undefined)) return false
  return [body.message, body.detail, body.errors, body.error_msg, body.msg].some(Boolean)
}

type Fields = Record<string, unknown>
const word = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined

/**
 * Reads an error in the forms that servers use: `{error: {…}}` (OpenAI and most), `{error: "…"}`
 * (Ollama, LM Studio), the error itself (vLLM, Mistral), a list of one (Gemini), `{detail}`
 * (FastAPI), `{errors: […]}` (Cloudflare), `{base_resp}` (MiniMax), `{error_code, error_msg}`
 * (Baidu), and an error of another provider passed on inside (OpenRouter).
 */
function readSaid(body: unknown): Said {
  const top = Array.isArray(body) ? body[0] : body
  if (!isObject(top)) return { message: word(top) ?? '' }
  const listed = Array.isArray(top.errors) ? top.errors[0] : undefined
  const error = top.error ?? listed ?? top.base_resp ?? top
  if (!isObject(error)) return { message: word(error) ?? '', waits: waitsOf(top) }
  const metadata = isObject(error.metadata) ? error.metadata : {}
  const inner = isObject(error.innererror) ? word(error.innererror.code) : undefined
  const details = Array.isArray(error.details) ? error.details.filter(isObject) : []
  const message = [
    readMessage(
      error.message ??
        error.detail ??
        error.msg ??
        error.error_msg ??
        error.status_msg ??
        (error === top ? undefined : top.message),
    ),
    readMessage(metadata.raw),
  ]
  return {
    message: message.filter(Boolean).join(' '),
    code: word(error.code ?? error.error_code ?? error.status_code) ?? inner,
    type: word(error.type) ?? (typeof error.status === 'string' ? error.status : undefined),
    param: word(error.param),
    waits: [error, top, metadata, ...details].flatMap(waitsOf),
  }
}

function waitsOf(fields: Fields): SaidWait[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    const said = isWaitField(field) ? word(value) : undefined
    return said === undefined ? [] : [{ field, value: said }]
  })
}

function readMessage(value: unknown): string {
  if (typeof value === 'string') return value
  // FastAPI lists what is wrong with each field.
  if (Array.isArray(value))
    return value
      .map((entry) => (isObject(entry) ? [[entry.loc].flat().join('.'), entry.msg].join(' ') : String(entry)))
      .join('; ')
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

function asStatus(code: string | undefined): number | undefined {
  const status = Number(code)
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined
}

const REQUEST_ID_HEADERS = ['x-request-id', 'request-id', 'apim-request-id', 'x-amzn-requestid', 'cf-ray']

function requestIdOf(headers: Headers, body: unknown): string | undefined {
  const named = REQUEST_ID_HEADERS.map((name) => headers.get(name)).find(Boolean)
  return named ?? (isObject(body) ? word(body.request_id) : undefined)
}

// How API keys of model providers begin. Servers repeat keys, whole or partly starred out.
const KEY = /\b(?:sk|gsk|xai|hf|pplx)[-_][\w*.-]{3,200}/g

/** The text on one line, clipped, without our own keys and without what looks like a secret. */
function toSafe(text: string): string {
  return toSafeDetail(withoutKeys(text).replace(KEY, REDACTED))
}

/** The text of a proxy's page without its markup, from the first 10,000 characters. */
function pageText(text: string): string {
  return text
    .slice(0, 10_000)
    .replace(/<(script|style)\b[^<]*<\/\1>/gi, ' ')
    .replace(/<[^<>]*>/g, ' ')
    .trim()
}
