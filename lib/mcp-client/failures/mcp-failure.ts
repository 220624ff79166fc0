import {
  InsufficientScopeError,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from '@modelcontextprotocol/client'
import type { ToolCallOutcome } from '#lib/data/runs/ledger.ts'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { findNoAnswer, type NoAnswer } from '#lib/mcp-client/answers/no-answer.ts'
import { TurnedAway } from '#lib/mcp-client/answers/turned-away.ts'
import { listCauses } from '#lib/mcp-client/failures/causes.ts'
import { isInputRefusal } from '#lib/mcp-client/failures/input-refusal.ts'
import { findNamedFault } from '#lib/mcp-client/failures/named-fault.ts'
import { findRefusal } from '#lib/mcp-client/refusal.ts'
import { WireError } from '#lib/platform/net/wire-error.ts'
import { redactText } from '#lib/platform/redaction/redact.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** The phase in which a connection failed. */
export type Phase = 'connect' | 'list' | 'call'

/** Why a server or a call failed. */
export type McpFailure = {
  failureClass: FailureClass
  /**
   * For the person and the model: our words and what the server said, with likely secrets removed.
   */
  sentence: string
  /**
   * The ledger's status: cancelled if the call was stopped, failed if it was certainly not carried
   * out or only reads, else unknown.
   */
  status: ToolCallOutcome['status']
  /** False if the call provably never began. */
  sent: boolean
  /** The doctor's more specific fault, if there is one. */
  fault?: string
}

type About = {
  /** Which of our timeouts ended the call. */
  expired?: 'idle_timeout' | 'hard_timeout'
  /** The tool changes nothing, so its calls cannot have taken effect. */
  readOnly?: boolean
}

const SENTENCES: Partial<Record<FailureClass, string>> = {
  refused: 'The server of this tool refuses connections.',
  dns: 'The name of the server of this tool is not known.',
  tls: 'The secure connection to the server of this tool failed.',
  connect_timeout: 'The server of this tool did not answer in time.',
  unauthorised: 'The server of this tool did not accept our sign-in.',
  forbidden: 'The server of this tool does not allow this.',
  too_large: 'The arguments are too large for the server of this tool.',
  overloaded: 'The server of this tool has too many requests just now.',
  protocol_error: 'The server of this tool answered in a way that could not be understood.',
  server_error: 'The server of this tool answered with an error.',
  input_required: 'The server of this tool asked for input, which is not offered here.',
  session_lost: 'The server of this tool no longer knows our session.',
  idle_timeout: 'The tool sent nothing within its idle timeout.',
  hard_timeout: 'The tool did not answer in time.',
  outcome_unknown: 'The server of this tool failed.',
  transport_lost: 'The connection to the server of this tool broke before its answer came.',
  bad_arguments: 'The tool did not accept these arguments.',
  cancelled: 'The call was stopped before the tool answered.',
}
/** Added to the sentence of a call whose outcome is unknown. */
export const EFFECT = 'The tool may have taken effect anyway.'

const NO_ANSWER: Record<NoAnswer['why'], { failureClass: FailureClass; sentence?: string }> = {
  ended: {
    failureClass: 'transport_lost',
    sentence: 'The server of this tool ended its answer before the result came.',
  },
  accepted: {
    failureClass: 'protocol_error',
    sentence: 'The server of this tool accepted the request and never answered it.',
  },
  other_id: { failureClass: 'protocol_error', sentence: 'The server of this tool answered a different request.' },
  unreadable: { failureClass: 'protocol_error' },
  too_long: { failureClass: 'protocol_error', sentence: 'The answer of the server of this tool was too long.' },
  task: {
    failureClass: 'protocol_error',
    sentence: 'The server of this tool began a task, which nobody had asked for.',
  },
  asks: { failureClass: 'input_required' },
}

// Such a call never reached a tool: it failed before the request left, or the status of its own
// request says so.
const NOT_RUN: ReadonlySet<FailureClass> = new Set([
  ...(['refused', 'dns', 'tls', 'connect_timeout'] as const),
  ...(['unauthorised', 'forbidden', 'session_lost', 'too_large', 'overloaded'] as const),
  'bad_arguments',
])
const INVALID_PARAMS = -32602
// Method not found, invalid request: the server did not know what to run.
const RPC_NOT_RUN: ReadonlySet<number> = new Set([-32601, -32600])

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

/** Classifies the failure of a connection or a call. Never throws. */
export function toMcpFailure(error: unknown, phase: Phase, { expired, readOnly = false }: About = {}): McpFailure {
  const refusal = findRefusal(error)
  if (refusal) return { failureClass: refusal.failureClass, sentence: refusal.message, status: 'failed', sent: false }
  const chain = listCauses(error)
  const named = findNamedFault(chain)
  const rpc = chain.find((at) => at instanceof ProtocolError)
  const reason = rpc && findNoAnswer(rpc)
  const failureClass = (phase === 'call' && expired) || classOf(chain, phase, reason, rpc)
  const sent =
    phase === 'call' &&
    !NOT_RUN.has(failureClass) &&
    !(failureClass === 'server_error' && RPC_NOT_RUN.has(rpc?.code ?? 0))
  const status = failureClass === 'cancelled' ? 'cancelled' : sent && !readOnly ? 'unknown' : 'failed'
  const said =
    failureClass === 'server_error' || failureClass === 'bad_arguments' ? toSafeDetail(rpc?.message ?? '') : ''
  const sentence = [
    named?.sentence ?? sentenceOf(failureClass, reason, chain),
    status !== 'failed' && phase === 'call' && EFFECT,
    said && `It said: ${said}`,
  ]
  return {
    failureClass,
    sentence: sentence.filter(Boolean).join(' '),
    status,
    sent,
    ...(named && { fault: named.fault }),
  }
}

function sentenceOf(failureClass: FailureClass, reason: NoAnswer | undefined, chain: unknown[]): string {
  if (reason?.why === 'asks') return describeAsks(reason.asks)
  const turnedAway = chain.find((at) => at instanceof TurnedAway)
  const { retryAfter } = turnedAway ?? {}
  const again =
    retryAfter === undefined ? '' : ` Try again in ${retryAfter === 1 ? 'a second' : `${retryAfter} seconds`}.`
  const own = reason && failureClass === NO_ANSWER[reason.why].failureClass ? NO_ANSWER[reason.why].sentence : undefined
  return (own ?? SENTENCES[failureClass] ?? 'The tool failed.') + again
}

const ASKED = {
  elicitation: 'an answer from the person (elicitation)',
  sampling: 'an answer from the model (sampling)',
  roots: 'a list of folders (roots)',
}

/** What a server asked for that we cannot give. */
export function describeAsks(asks: (keyof typeof ASKED)[]): string {
  const wanted = asks.map((ask) => ASKED[ask]).join(' and ') || 'more input'
  return `The tool asked for ${wanted}, which is not offered here.`
}

function classOf(
  chain: unknown[],
  phase: Phase,
  reason: NoAnswer | undefined,
  rpc: ProtocolError | undefined,
): FailureClass {
  if (reason) return NO_ANSWER[reason.why].failureClass
  const turnedAway = chain.find((at) => at instanceof TurnedAway)
  if (turnedAway) return turnedAway.reason
  const network = networkClass(chain)
  if (network) return network
  const status = chain.find((at) => at instanceof SdkHttpError)?.status
  if (status === 401) return 'unauthorised'
  // The SDK has an error of its own for a 403 that names the scope that is missing.
  if (status === 403 || chain.some((at) => at instanceof InsufficientScopeError)) return 'forbidden'
  if (status === 404 && phase !== 'connect') return 'session_lost'
  if ((status ?? 0) >= 500 && phase !== 'connect') return 'outcome_unknown'
  if (chain.some((at) => at instanceof SdkError && at.code === SdkErrorCode.RequestTimeout)) {
    return phase === 'connect' ? 'connect_timeout' : 'hard_timeout'
  }
  if (chain.some((at) => at instanceof SdkError && at.code === SdkErrorCode.ConnectionClosed)) return 'transport_lost'
  if (rpc)
    return phase === 'call' && rpc.code === INVALID_PARAMS && isInputRefusal(rpc.message)
      ? 'bad_arguments'
      : 'server_error'
  if (chain.some((at) => at instanceof Error && (at.name === 'AbortError' || at.name === 'CanceledError')))
    return 'cancelled'
  if (chain.some((at) => at instanceof TypeError && /terminated|other side closed/.test(at.message)))
    return 'transport_lost'
  return 'protocol_error'
}

/**
 * The class of a failure below HTTP. Once a request has left, an error does not tell how far it
 * got.
 */
function networkClass(chain: unknown[]): FailureClass | undefined {
  const wire = chain.find((at) => at instanceof WireError)
  for (const { code } of chain as { code?: unknown }[]) {
    if (typeof code !== 'string') continue
    const known = CODES[code] ?? (TLS.test(code) ? 'tls' : undefined)
    if (!known) continue
    if (wire?.left) return 'transport_lost'
    return wire && known === 'transport_lost' ? (wire.secure ? 'tls' : 'refused') : known
  }
  return undefined
}

// "password hunter2", "token: abc", "the secret is xyz": a value after "=", ":" or "is", or after a
// space if it is quoted or has a digit in it.
const NAMED_SECRET =
  /\b(pass(?:word|wd|phrase)?|secret|token|api[-_ ]?key|authorization)(\s{0,20}(?:=|:|\bis\b)\s{0,20}|\s{1,20}(?=["']|[^\s\d]{0,200}\d))("[^"]{0,500}"|'[^']{0,500}'|\S{1,500})/gi

/**
 * The first `max` characters of what a server says about its failed call, with likely secrets
 * removed.
 */
export function toSafeText(text: string, max: number): string {
  return redactText(text, max).replace(NAMED_SECRET, '$1$2[redacted]')
}

/** Like `toSafeText`, for the model and the chat: on one line, at most 500 characters. */
export function toSafeDetail(text: string): string {
  const line = toSafeText(text, 10_000).replace(/\s+/g, ' ').trim()
  return line.length > 500 ? `${cutText(line, 500)}…` : line
}
