import { createHash, randomBytes } from 'node:crypto'

/** The position of a call in a trace (W3C Trace Context): one trace per run, one span per call. */
export type TraceContext = { traceId: string; spanId: string }

/** The trace context of a new call of a run. */
export function newSpan(runId: string): TraceContext {
  return {
    traceId: createHash('sha256').update(runId).digest('hex').slice(0, 32),
    spanId: randomBytes(8).toString('hex'),
  }
}

/** The value of `traceparent`: version 00, sampled. */
export function traceparent({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-01`
}
