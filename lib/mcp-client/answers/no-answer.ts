import { randomUUID } from 'node:crypto'

/** What a server asks of its client in the middle of a call (MCP: elicitation, sampling, roots). */
export type ServerAsk = 'elicitation' | 'sampling' | 'roots'

/** Why a request has no answer of its server's. */
export type NoAnswer =
  | { why: 'ended' | 'accepted' | 'other_id' | 'unreadable' | 'too_long' }
  | { why: 'asks'; asks: ServerAsk[] }

// No server can know it, so none can say this of itself.
const OURS = randomUUID()
const INTERNAL_ERROR = -32603

/** An answer in the place of one that cannot come any more, for the client that waits for it. */
export function noAnswer(id: unknown, reason: NoAnswer): object {
  const error = { code: INTERNAL_ERROR, message: `no answer: ${reason.why}`, data: { ours: OURS, reason } }
  return { jsonrpc: '2.0', id, error }
}

/** The reason that `noAnswer` gave, from the error that the client made of it; undefined for any other error. */
export function noAnswerOf(error: unknown): NoAnswer | undefined {
  const { data } = (error ?? {}) as { data?: { ours?: unknown; reason?: NoAnswer } }
  return data?.ours === OURS ? data.reason : undefined
}

const ASKS: Record<string, ServerAsk> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
}

/** What a request of a server asks for; undefined where it is none that has to do with a call. */
export function askOf(method: unknown): ServerAsk | undefined {
  return typeof method === 'string' && Object.hasOwn(ASKS, method) ? ASKS[method] : undefined
}
