import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client'
import type { FailureClass, ToolCallOutcome } from '#lib/data/tool-calls.ts'
import { redactText } from '#lib/redact.ts'

/** Why a server or a call failed: the class for the ledger, and a sentence without a word of the error, for person and model. */
export type McpFailure = { failureClass: FailureClass; sentence: string }

const SENTENCES: Partial<Record<FailureClass, string>> = {
  refused: 'The server of this tool refuses connections.',
  dns: 'The name of the server of this tool is not known.',
  tls: 'The secure connection to the server of this tool failed.',
  connect_timeout: 'The server of this tool did not answer in time.',
  unauthorised: 'The server of this tool did not accept our sign-in.',
  forbidden: 'The server of this tool does not allow this.',
  protocol_error: 'The server of this tool answered in a way that could not be understood.',
  session_lost: 'The server of this tool no longer knows our session.',
  hard_timeout: 'The tool did not answer in time. It may have taken effect all the same.',
  transport_lost: 'The connection broke during the call. The tool may have taken effect all the same.',
  bad_arguments: 'The tool did not accept these arguments.',
  cancelled: 'The call was stopped before the tool answered. It may have taken effect all the same.',
}

// Sent or not? These say that a request went out and its fate is unknown.
const UNKNOWN_OUTCOME: ReadonlySet<FailureClass> = new Set(['hard_timeout', 'idle_timeout', 'transport_lost'])

const CODES: Record<string, FailureClass> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  ETIMEDOUT: 'connect_timeout',
  ECONNRESET: 'transport_lost',
  EPIPE: 'transport_lost',
  UND_ERR_SOCKET: 'transport_lost',
  UND_ERR_BODY_TIMEOUT: 'transport_lost',
  UND_ERR_HEADERS_TIMEOUT: 'hard_timeout',
}

const TLS = /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|EPROTO)/
const INVALID_PARAMS = -32602

/** What went wrong with a connection or a call. `phase` decides what a timeout is called. Never throws. */
export function mcpFailure(error: unknown, phase: 'connect' | 'call'): McpFailure {
  const failureClass = classOf(error, phase)
  const detail = failureClass === 'bad_arguments' && error instanceof Error ? ` It said: ${safeDetail(error.message)}` : ''
  return { failureClass, sentence: (SENTENCES[failureClass] ?? 'The tool failed.') + detail }
}

/** The ledger's word for a failed call: failed where it was surely not carried out, else unknown. */
export function failureStatus(failureClass: FailureClass): ToolCallOutcome['status'] {
  if (failureClass === 'cancelled') return 'cancelled'
  return UNKNOWN_OUTCOME.has(failureClass) ? 'unknown' : 'failed'
}

function classOf(error: unknown, phase: 'connect' | 'call'): FailureClass {
  const chain = causes(error)
  for (const { code } of chain as { code?: unknown }[]) {
    if (typeof code !== 'string') continue
    const known = CODES[code] ?? (TLS.test(code) ? 'tls' : undefined)
    if (known) return known
  }
  const http = chain.find((at) => at instanceof SdkHttpError)
  if (http?.status === 401) return 'unauthorised'
  if (http?.status === 403) return 'forbidden'
  if (http?.status === 404 && phase === 'call') return 'session_lost'
  if (chain.some((at) => at instanceof SdkError && at.code === SdkErrorCode.RequestTimeout)) {
    return phase === 'connect' ? 'connect_timeout' : 'hard_timeout'
  }
  if (chain.some((at) => at instanceof SdkError && at.code === SdkErrorCode.ConnectionClosed)) return 'transport_lost'
  if (chain.some((at) => at instanceof ProtocolError && at.code === INVALID_PARAMS)) return 'bad_arguments'
  if (chain.some((at) => at instanceof Error && (at.name === 'AbortError' || at.name === 'CanceledError'))) return 'cancelled'
  if (chain.some((at) => at instanceof TypeError && /terminated|other side closed/.test(at.message))) return 'transport_lost'
  return 'protocol_error'
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = []
  const queue = [error]
  while (queue.length > 0 && chain.length < 16) {
    const at = queue.shift()
    if (!(at instanceof Object) || chain.includes(at)) continue
    chain.push(at)
    const { cause, data, errors } = at as { cause?: unknown; data?: { cause?: unknown }; errors?: unknown }
    queue.push(cause, data?.cause, ...(Array.isArray(errors) ? errors : []))
  }
  return chain
}

// "password hunter2", "token: abc", "the secret is xyz": a value after "=", ":" or "is", in quotes, or with a digit in it.
const NAMED_SECRET =
  /\b(pass(?:word|wd|phrase)?|secret|token|api[-_ ]?key|authorization)(\s*(?:=|:|\bis\b)\s*|\s+(?=["']|[^\s\d]{0,200}\d))("[^"]*"|'[^']*'|\S+)/gi

/** What a server says of its own failed call, without what looks like a secret. */
export function safeText(text: string): string {
  return redactText(text).replace(NAMED_SECRET, '$1$2[redacted]')
}

/** The same for the model and the chat: on one line, clipped. */
export function safeDetail(text: string): string {
  const line = safeText(text.slice(0, 10_000)).replace(/\s+/g, ' ').trim()
  return line.length > 500 ? `${line.slice(0, 500)}…` : line
}
