/** Next calls this once when a server starts, before the first request, and never while it builds. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { beginServing } = await import('#lib/serving.ts')
  await beginServing()
  const { announceSetupCode } = await import('#lib/auth/setup-code.ts')
  await announceSetupCode()
  const { watchForDeadRuns } = await import('#lib/runs/heartbeat.ts')
  watchForDeadRuns()
}
