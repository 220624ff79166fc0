import type { Instrumentation } from 'next'

/**
 * Next calls this once when a server starts, before the first request, and never while it builds.
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const [
    { redirectConsole },
    { beginServing },
    { announceSetupCode },
    { warmUpServers },
    { startRecovery },
    { startExpiry },
    { startTasks },
    { startWaiting },
    { log },
  ] = await Promise.all([
    import('#lib/platform/redirect-console.ts'),
    import('#lib/platform/process/begin-serving.ts'),
    import('#lib/auth/sign-in/setup-code.ts'),
    import('#lib/mcp-client/connection/warm-up.ts'),
    import('#lib/runs/heartbeat.ts'),
    import('#lib/agent/start-expiry.ts'),
    import('#app/api/chatkit/start-tasks.ts'),
    import('#app/api/chatkit/start-waiting.ts'),
    import('#lib/platform/log.ts'),
  ])
  if (process.env.NODE_ENV === 'production') redirectConsole()
  await beginServing()
  await startTelemetry()
  startRecovery()
  startExpiry()
  startTasks()
  startWaiting()
  // A database that does not answer yet must not stop the start. A restart prints the code again.
  await announceSetupCode().catch((error) => log.warn({ error }, 'the set-up code could not be announced'))
  void warmUpServers()
}

/** The packages behind it are loaded only if something is to be sent. */
async function startTelemetry(): Promise<void> {
  const { env } = await import('#lib/platform/env.ts')
  if (!env().OTEL_EXPORTER_OTLP_ENDPOINT) return
  const [telemetry, { showState }, { readMetrics }] = await Promise.all([
    import('#lib/platform/telemetry/start-telemetry.ts'),
    import('#app/api/metrics/show-state.ts'),
    import('#lib/platform/metrics/write-metrics.ts'),
  ])
  telemetry.startTelemetry(() => showState().then(readMetrics))
}

/**
 * Next calls this for each page and action that failed. The log line has the reference that the
 * person sees (`digest`).
 */
export const onRequestError: Instrumentation.onRequestError = async (error, { path, method, headers }) => {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { log } = await import('#lib/platform/log.ts')
  const { digest } = error as { digest?: string }
  log.error({ error, digest, method, path: path.split('?')[0], request_id: headers['x-request-id'] }, 'page failed')
}
