import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client'
import type { ToolCallOutcome } from '#lib/data/ledger.ts'
import type { FailureClass } from '#lib/data/tool-calls.ts'
import { refusalOf } from '#lib/mcp-client/refusal.ts'
import { redactText } from '#lib/redact.ts'

/** Whether a failure came before the call was sent, or after. */
export type CallPhase = 'connect' | 'call'

/** Why a server or a call failed. */
export type McpFailure = {
  failureClass: FailureClass
  /** For person and model, without a word of the error. */
  sentence: string
  /** The ledger's word: failed where the call was surely not carried out or the server says that it failed, else unknown. */
  status: ToolCallOutcome['status']
  /** False where the call provably never began. */
  sent: boolean
}

const SENTENCES: Partial<Record<FailureClass, string>> = {
  refused: 'The server of this tool refuses connections.',
  dns: 'The name of the server of this tool is not known.',
  tls: 'The secure connection to the server of this tool failed.',
  connect_timeout: 'The server of this tool did not answer in time.',
  unauthorised: 'The server of this tool did not accept our sign-in.',
  forbidden: 'The server of this tool does not allow this.',
  protocol_error: 'The server of this tool answered in a way that could not be understood.',
  session_lost: 'The server of this tool no longer knows our session.',
  idle_timeout: 'The tool gave no sign of life for too long. It may have taken effect all the same.',
  hard_timeout: 'The tool did not answer in time. It may have taken effect all the same.',
  outcome_unknown: 'The server of this tool broke down during the call. The tool may have taken effect all the same.',
  transport_lost: 'The connection broke during the call. The tool may have taken effect all the same.',
  bad_arguments: 'The tool did not accept these arguments.',
  cancelled: 'The call was stopped before the tool answered. It may have taken effect all the same.',
}
const GARBLED = 'The server of this tool answered in a way that could not be understood. The tool may have taken effect all the same.'

// In the middle of a call these say that it never reached a tool; every other failure leaves that open.
const NOT_SENT: ReadonlySet<FailureClass> = new Set([
  'refused',
  'dns',
  'tls',
  'connect_timeout',
  'unauthorised',
  'forbidden',
  'session_lost',
  'bad_arguments',
])

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
// The client's own complaint about an answer, under the code of wrong parameters.
const BAD_RESULT = /output ?schema|structured content/i

/** What went wrong with a connection or a call; `expired` is the clock of ours that ended it. Never throws. */
export function mcpFailure(error: unknown, phase: CallPhase, expired?: 'idle_timeout' | 'hard_timeout'): McpFailure {
  const refusal = refusalOf(error)
  if (refusal) return { failureClass: refusal.failureClass, sentence: refusal.message, status: 'failed', sent: false }
  const failureClass = (phase === 'call' && expired) || classOf(error, phase)
  const detail = failureClass === 'bad_arguments' && error instanceof Error ? ` It said: ${safeDetail(error.message)}` : ''
  const sent = phase === 'call' && !NOT_SENT.has(failureClass)
  // A server that answers in good order that it failed has not done the work, or says so.
  const saysSo = failureClass === 'protocol_error' && (isAnsweredError(error) || (httpOf(error)?.status ?? 500) < 500)
  const sentence = failureClass === 'protocol_error' && sent && !saysSo ? GARBLED : (SENTENCES[failureClass] ?? 'The tool failed.')
  const status = failureClass === 'cancelled' ? 'cancelled' : sent && !saysSo ? 'unknown' : 'failed'
  return { failureClass, sentence: sentence + detail, status, sent }
}

function httpOf(error: unknown): SdkHttpError | undefined {
  return causes(error).find((at) => at instanceof SdkHttpError)
}

function isAnsweredError(error: unknown): boolean {
  return causes(error).some((at) => at instanceof ProtocolError && !BAD_RESULT.test(at.message))
}

function classOf(error: unknown, phase: CallPhase): FailureClass {
  const chain = causes(error)
  for (const { code } of chain as { code?: unknown }[]) {
    if (typeof code !== 'string') continue
    const known = CODES[code] ?? (TLS.test(code) ? 'tls' : undefined)
    if (known) return known
  }
  const http = httpOf(error)
  if (http?.status === 401) return 'unauthorised'
  if (http?.status === 403) return 'forbidden'
  if (http?.status === 404 && phase === 'call') return 'session_lost'
  if ((http?.status ?? 0) >= 500 && phase === 'call') return 'outcome_unknown'
  if (chain.some((at) => at instanceof SdkError && at.code === SdkErrorCode.RequestTimeout)) {
    return phase === 'connect' ? 'connect_timeout' : 'hard_timeout'
  }
  if (chain.some((at) => at instanceof SdkError && at.code === SdkErrorCode.ConnectionClosed)) return 'transport_lost'
  if (chain.some((at) => at instanceof ProtocolError && at.code === INVALID_PARAMS && !BAD_RESULT.test(at.message))) return 'bad_arguments'
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
