import { closeRunQuestions } from '#lib/agent/questions/close-questions.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { APPROVALS_CHANNEL } from '#lib/data/runs/approvals.ts'
import { listRunsWithExpiredQuestions } from '#lib/data/runs/questions.ts'
import { listen } from '#lib/platform/db/notify.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How often (ms) this process looks for expired questions. */
const LOOK_MS = 300_000
/** How many batches one look ends. */
const BATCHES_MAX = 20

const watching = processState('expired questions', (): { timer?: NodeJS.Timeout; stopHearing?: () => void } => ({}))

/**
 * Starts looking for questions that can no longer be answered: now, every five minutes, and when the
 * database notifies this process. Call it once when the server starts.
 */
export function startQuestionExpiry(): void {
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
    await expireQuestions()
  } catch (error) {
    log.warn({ error }, 'looking for expired questions failed')
  }
}

/**
 * Ends the runs whose questions were not answered in time, in batches of 500 until none is left, 20
 * batches at most; the next look ends the rest. A run that cannot be ended does not hold up the
 * others. Resolves to the number of runs that were ended.
 */
export async function expireQuestions(): Promise<number> {
  const failed: string[] = []
  let ended = 0
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const runs = await listRunsWithExpiredQuestions(failed)
    if (runs.length === 0) return ended
    for (const { runId, ownerId } of runs) {
      try {
        const store = createPrismaStore({ userId: ownerId })
        for await (const event of closeRunQuestions({ userId: ownerId }, store, runId, 'expired'))
          if (event.type === 'thread.item.replaced') await store.saveItem(event.item.thread_id, event.item)
        ended += 1
      } catch (error) {
        failed.push(runId)
        log.warn({ error, run_id: runId }, 'a run whose questions have expired could not be ended')
      }
    }
  }
  log.warn({ ended, failed: failed.length }, 'more questions have expired than one look can end')
  return ended
}
