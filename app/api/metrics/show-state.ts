import { SIGN_IN_REASONS } from '#lib/auth/sign-in/sign-in-refused.ts'
import { RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { FAILURE_CLASSES } from '#lib/data/runs/tool-calls.ts'
import { findHealth } from '#lib/mcp-client/servers/health.ts'
import { listAllServers } from '#lib/mcp-client/servers/mcp-servers.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { log } from '#lib/platform/log.ts'
import { showSignInReasons } from '#lib/platform/metrics/http-metrics.ts'
import { showRuns } from '#lib/platform/metrics/run-metrics.ts'
import { showServers } from '#lib/platform/metrics/tool-call-metrics.ts'
import { listActiveRuns } from '#lib/runs/registry.ts'

const SERVERS_MS = 1_000

/**
 * Brings what is a state and no event up to date, and has what never happened count from zero: an
 * alert sees the first failure only if there was a number before it.
 */
export async function showState(): Promise<void> {
  showSignInReasons(SIGN_IN_REASONS)
  showRuns(listActiveRuns().length, Object.keys(RUN_FAILURES))
  try {
    const servers = await withDeadline(listAllServers(), SERVERS_MS, () => [])
    const shown = servers.map(({ name, url }) => ({ name, isUp: findHealth(url) !== 'down' }))
    showServers(shown, FAILURE_CLASSES)
  } catch (error) {
    // Metrics are wanted most while the database is away.
    log.debug({ error }, 'the servers are not known to the metrics')
  }
}
