import { setTimeout as sleep } from 'node:timers/promises'
import { finishToolCall, type ToolCallOutcome } from '#lib/data/runs/ledger.ts'
import { withoutRun } from '#lib/platform/db/run-fence.ts'
import { log } from '#lib/platform/log.ts'

/**
 * Waits (ms) between retries of a failed write. They fit into the 30 s in which a run's calls can
 * be settled; after that the calls count as abandoned.
 */
const WAITS_MS = [500, 2_000, 5_000, 10_000, 10_000]

/**
 * Settles a call that was made. Never throws, because the call's answer matters more than its row.
 * A failed write is retried in the background with the original end time. If all retries fail, the
 * row stays pending until it is found abandoned.
 */
export async function settleToolCall(call: { id: string; ownerId: string }, outcome: ToolCallOutcome): Promise<void> {
  const finishedAt = new Date()
  try {
    await finishToolCall(call, outcome, finishedAt)
  } catch (error) {
    log.warn({ error, tool_call_id: call.id }, 'tool call is settled in the ledger later')
    // The run may have ended by then.
    void withoutRun(() => settleLater(call, outcome, finishedAt))
  }
}

async function settleLater(...call: Required<Parameters<typeof finishToolCall>>): Promise<void> {
  let last: unknown
  for (const wait of WAITS_MS) {
    await sleep(wait, undefined, { ref: false })
    try {
      return await finishToolCall(...call)
    } catch (error) {
      last = error
    }
  }
  log.error({ error: last, tool_call_id: call[0].id }, 'tool call not settled in the ledger')
}
