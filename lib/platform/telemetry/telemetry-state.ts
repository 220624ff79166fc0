import { processState } from '#lib/platform/process-state.ts'
import type { TraceContext } from '#lib/platform/telemetry/trace-context.ts'

type TelemetryState = {
  /** Sends what is left and ends. Undefined if nothing is sent. */
  end?: () => Promise<void>
  /** The ids of the span that is begun now, if they are not random. */
  ids?: TraceContext | undefined
}

/** What the process knows of its telemetry. Without an endpoint nothing is recorded. */
export const telemetryState = processState('telemetry', (): TelemetryState => ({}))

/** Sends what is left and ends, within 3 s. */
export async function endTelemetry(): Promise<void> {
  await telemetryState().end?.()
}
