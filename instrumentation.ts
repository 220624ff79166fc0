/** Next calls this once when a server starts, before the first request, and never while it builds. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const [{ beginServing }, { announceSetupCode }, { warmUp }, { watchRuns }, { log }] = await Promise.all([
    import('#lib/serving.ts'),
    import('#lib/auth/setup-code.ts'),
    import('#lib/mcp-client/warm-up.ts'),
    import('#lib/runs/heartbeat.ts'),
    import('#lib/log.ts'),
  ])
  await beginServing()
  watchRuns()
  // A database that does not answer yet is no reason not to start; the code can be had by starting again.
  await announceSetupCode().catch((error) => log.warn({ error }, 'the set-up code could not be announced'))
  void warmUp()
}
