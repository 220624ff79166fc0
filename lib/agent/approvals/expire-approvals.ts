import { closeRun } from '#lib/agent/approvals/close-approvals.ts'
import { prismaStore } from '#lib/data/chat/chatkit-store.ts'
import { listLateRuns, QUESTIONS_CHANNEL } from '#lib/data/runs/approvals.ts'
import { listen } from '#lib/platform/db/notify.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How often (ms) this process looks for questions that nobody answered. */
const LOOK_MS = 300_000

const watching = processState('questions', (): { timer?: NodeJS.Timeout; stopHearing?: () => void } => ({}))

/** Looks for questions that nobody can answer any more, now, every five minutes and when told so; to be called once when the server starts. */
export function watchQuestions(): void {
  if (watching().timer) return
  const again = () => void look()
  Object.assign(watching(), {
    timer: setInterval(look, LOOK_MS).unref(),
    stopHearing: listen(QUESTIONS_CHANNEL, { heard: again, missed: again }),
  })
  void look()
}

async function look(): Promise<void> {
  try {
    await expireQuestions()
  } catch (error) {
    log.warn({ error }, 'looking for questions without an answer failed')
  }
}

/** Ends the runs whose question nobody answered in time, or nobody may answer any more: card, ledger and model know why. Resolves to their number. */
export async function expireQuestions(): Promise<number> {
  const runs = await listLateRuns()
  for (const { runId, ownerId } of runs) {
    const caller = { userId: ownerId }
    const store = prismaStore(caller)
    for await (const event of closeRun(caller, store, runId, 'expired')) {
      if (event.type === 'thread.item.replaced') await store.saveItem(event.item.thread_id, event.item)
    }
  }
  return runs.length
}
