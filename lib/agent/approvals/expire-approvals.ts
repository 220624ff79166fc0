import { closeRunApprovals } from '#lib/agent/approvals/close-approvals.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { APPROVALS_CHANNEL, listRunsWithExpiredApprovals } from '#lib/data/runs/approvals.ts'
import { listen } from '#lib/platform/db/notify.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How often (ms) this process looks for expired approvals. */
const LOOK_MS = 300_000

const watching = processState('questions', (): { timer?: NodeJS.Timeout; stopHearing?: () => void } => ({}))

/**
 * Starts looking for approvals that can no longer be decided: now, every five minutes, and when the
 * database notifies this process. Call it once when the server starts.
 */
export function startApprovalExpiry(): void {
  if (watching().timer) return
  const again = () => void expireOnce()
  Object.assign(watching(), {
    timer: setInterval(expireOnce, LOOK_MS).unref(),
    stopHearing: listen(APPROVALS_CHANNEL, { heard: again, missed: again }),
  })
  void expireOnce()
}

async function expireOnce(): Promise<void> {
  try {
    await expireApprovals()
  } catch (error) {
    log.warn({ error }, 'looking for questions without an answer failed')
  }
}

/**
 * Ends the runs whose approvals were not decided in time, or can no longer be decided by anyone;
 * 500 at most. Card, ledger and model are told why. Resolves to the number of runs.
 */
export async function expireApprovals(): Promise<number> {
  const runs = await listRunsWithExpiredApprovals()
  for (const { runId, ownerId } of runs) {
    const caller = { userId: ownerId }
    const store = createPrismaStore(caller)
    for await (const event of closeRunApprovals(caller, store, runId, 'expired')) {
      if (event.type === 'thread.item.replaced') await store.saveItem(event.item.thread_id, event.item)
    }
  }
  return runs.length
}
