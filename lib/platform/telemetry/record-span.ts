import { type Attributes, context, type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { telemetryState } from '#lib/platform/telemetry/telemetry-state.ts'
import type { TraceContext } from '#lib/platform/telemetry/trace-context.ts'
import { VERSION } from '#lib/platform/version.ts'

/** Work that has ended. Attributes never hold what people, models or tools said. */
export type EndedWork = {
  name: string
  kind?: 'internal' | 'client' | 'server'
  /** When it began (ms since 1970). It ends now. */
  beganAt: number
  /** Its own position, if others were told of it. */
  at?: TraceContext | undefined
  /** By default the current request. A root has a position and no parent. */
  parent?: TraceContext | undefined
  /** A position that led to this work without waiting for it. */
  cause?: TraceContext | undefined
  attributes?: Attributes
  /** The class of its failure. */
  failure?: string | undefined
}

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, server: SpanKind.SERVER }

/** Records a span of work that has ended. Does nothing without an endpoint. */
export function recordSpan(work: EndedWork): void {
  const state = telemetryState()
  if (!state.end) return
  const { name, kind = 'internal', beganAt, at, parent, cause, attributes = {}, failure } = work
  const links: Link[] = cause ? [{ context: toSpanContext(cause) }] : []
  state.ids = at
  try {
    const span = trace
      .getTracer('switchboard', VERSION)
      .startSpan(name, { kind: KINDS[kind], startTime: beganAt, attributes, links }, findParent(at, parent))
    if (failure !== undefined) {
      span.setAttribute('error.type', failure)
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end()
  } finally {
    state.ids = undefined
  }
}

/** The position of the request that is handled now. Undefined outside a request, or if nothing is recorded. */
export function findRequestSpan(): TraceContext | undefined {
  const found = trace.getSpanContext(context.active())
  return found && { traceId: found.traceId, spanId: found.spanId }
}

function findParent(at: TraceContext | undefined, parent: TraceContext | undefined) {
  if (parent) return trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent))
  return at ? ROOT_CONTEXT : context.active()
}

function toSpanContext({ traceId, spanId }: TraceContext) {
  return { traceId, spanId, traceFlags: 1, isRemote: true }
}
