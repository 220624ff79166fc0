import { context, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, type IdGenerator, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace'
import { withDeadline } from '#lib/platform/deadline.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { logLines } from '#lib/platform/log-lines.ts'
import { makeLineSender } from '#lib/platform/telemetry/line-sender.ts'
import { type MetricObject, makeMetricProducer } from '#lib/platform/telemetry/metric-producer.ts'
import { telemetryState } from '#lib/platform/telemetry/telemetry-state.ts'
import { VERSION } from '#lib/platform/version.ts'

/** How long (ms) the end waits for what is still to be sent. */
const END_MS = 3_000
/** How long (ms) one request to the endpoint may take. */
const SEND_MS = 10_000
/** The shortest time (ms) between two warnings that the endpoint takes nothing. */
const WARN_MS = 60_000

/**
 * Sends traces, metrics and the log to OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP, in JSON), if it
 * is set. What cannot be sent is dropped: telemetry never holds up work. `endTelemetry` sends what is left,
 * within 3 s.
 */
export function startTelemetry(readMetrics: () => Promise<MetricObject[]>): void {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = env()
  if (!endpoint || telemetryState().end) return
  reportTroubles()
  const base = endpoint.replace(/\/+$/, '')
  const to = (signal: string) => ({ url: `${base}/v1/${signal}`, headers, timeoutMillis: SEND_MS })
  const about = {
    'service.name': 'switchboard',
    'service.version': VERSION,
    'service.instance.id': crypto.randomUUID(),
  }
  const resource = resourceFromAttributes(about).merge(detectResources({ detectors: [envDetector] }))

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const spanProcessors = [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(to('traces')) })]
  const tracers = new TracerProvider({ resource, spanProcessors, idGenerator: givenIds() })
  trace.setGlobalTracerProvider(tracers)

  const exporter = new OTLPMetricExporter(to('metrics'))
  const reader = new PeriodicExportingMetricReader({ exporter, metricProducers: [makeMetricProducer(readMetrics)] })
  const meters = new MeterProvider({ resource, readers: [reader] })

  const processors = [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(to('logs')) })]
  const loggers = new LoggerProvider({ resource, processors })
  logLines().hear = makeLineSender(loggers.getLogger('switchboard', VERSION))

  telemetryState().end = async () => {
    logLines().hear = undefined
    const all = Promise.all([tracers.shutdown(), meters.shutdown(), loggers.shutdown()])
    await withDeadline(all, END_MS, () => []).catch(() => [])
    telemetryState().end = undefined
    for (const api of [trace, context, propagation]) api.disable()
  }
}

/** Random ids, but for spans whose position others were told of. */
function givenIds(): IdGenerator {
  const random = new RandomIdGenerator()
  return {
    generateTraceId: () => telemetryState().ids?.traceId ?? random.generateTraceId(),
    generateSpanId: () => telemetryState().ids?.spanId ?? random.generateSpanId(),
  }
}

/** Says in our log that the endpoint takes nothing, once a minute at most. */
function reportTroubles(): void {
  let saidAt = -WARN_MS
  const warn = (message: string) => {
    if (performance.now() - saidAt < WARN_MS) return
    saidAt = performance.now()
    log.warn({ cause: message }, 'telemetry could not be sent')
  }
  const silent = () => undefined
  diag.setLogger({ error: warn, warn, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN)
}
