import { closeRunApprovals } from '#lib/agent/approvals/close-approvals.ts'
import { expireWaitingRuns } from '#lib/agent/expire-waiting-runs.ts'
import { listRunsWithExpiredApprovals } from '#lib/data/runs/approvals/approvals.ts'

/**
 * Ends the runs whose approvals were not decided in time, or can no longer be decided by anyone.
 * Card, ledger and model are told why. Resolves to the number of runs that were ended.
 */
export function expireApprovals(): Promise<number> {
  return expireWaitingRuns({ what: 'approvals', list: listRunsWithExpiredApprovals, close: closeRunApprovals })
}
