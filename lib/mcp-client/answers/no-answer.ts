import { randomUUID } from 'node:crypto'

/** What a server asks of its client during a call (MCP: elicitation, sampling, roots). */
export const ASKS = ['elicitation', 'sampling', 'roots'] as const
export type ServerAsk = (typeof ASKS)[number]

/** Why the server gave no answer to a request. */
export type NoAnswer =
  | { why: 'ended' | 'accepted' | 'other_id' | 'unreadable' | 'too_long' | 'task' }
  | { why: 'asks'; asks: ServerAsk[] }

// No server can know this value, so none can forge it.
const OURS = randomUUID()
const INTERNAL_ERROR = -32603

/** A substitute for an answer that can no longer come, for the client that waits for it. */
export function makeNoAnswer(id: unknown, reason: NoAnswer): object {
  const error = { code: INTERNAL_ERROR, message: `no answer: ${reason.why}`, data: { ours: OURS, reason } }
  return { jsonrpc: '2.0', id, error }
}

/**
 * The reason that `makeNoAnswer` gave, from the error that the client made of it. Undefined for any
 * other error.
 */
export function findNoAnswer(error: unknown): NoAnswer | undefined {
  const { data } = (error ?? {}) as { data?: { ours?: unknown; reason?: NoAnswer } }
  return data?.ours === OURS ? data.reason : undefined
}

const ASKS_BY_METHOD: Record<string, ServerAsk> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
}

/** What a server's request asks for; undefined for a request that does not concern a call. */
export function askOf(method: unknown): ServerAsk | undefined {
  return typeof method === 'string' && Object.hasOwn(ASKS_BY_METHOD, method) ? ASKS_BY_METHOD[method] : undefined
}
