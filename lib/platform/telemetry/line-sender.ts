import { type AnyValue, context, type Logger, ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api'
import { toRunSpan } from '#lib/platform/telemetry/trace-context.ts'

const SEVERITIES: Record<string, SeverityNumber> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
}

/** Makes what sends lines of the log, which have lost their secrets already, in the trace of their run or request. */
export function makeLineSender(logger: Logger): (line: string) => void {
  return (line) => {
    const { level, time, msg, ...attributes } = JSON.parse(line) as Record<string, AnyValue> & {
      level: string
      time: string
    }
    const { run_id } = attributes
    const at = typeof run_id === 'string' ? { ...toRunSpan(run_id), traceFlags: 1 } : undefined
    logger.emit({
      timestamp: new Date(time),
      severityText: level,
      severityNumber: SEVERITIES[level] ?? SeverityNumber.UNSPECIFIED,
      ...(msg !== undefined && { body: msg }),
      attributes,
      context: at ? trace.setSpanContext(ROOT_CONTEXT, at) : context.active(),
    })
  }
}
