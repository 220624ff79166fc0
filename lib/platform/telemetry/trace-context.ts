import { createHash, randomBytes } from 'node:crypto'

/** A position in a trace (W3C Trace Context): one trace per run, one span per call. */
export type TraceContext = { traceId: string; spanId: string }

/**
 * The span of a run itself. Every process finds the same one, so that spans of one run belong
 * together, whichever process records them.
 */
export function toRunSpan(runId: string): TraceContext {
  const digest = createHash('sha256').update(runId).digest('hex')
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) }
}

/** The trace context of a new call of a run. */
export function newSpan(runId: string): TraceContext {
  return { traceId: toRunSpan(runId).traceId, spanId: randomBytes(8).toString('hex') }
}

/** The value of `traceparent`: version 00, sampled. */
export function traceparent({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-01`
}

/** The position that a `traceparent` names. Undefined if it is none. */
export function readTraceparent(value: unknown): TraceContext | undefined {
  if (typeof value !== 'string') return undefined
  const [, traceId, spanId] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/.exec(value) ?? []
  if (!traceId || !spanId || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId }
}
