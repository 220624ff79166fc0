import { closeRun } from '#lib/agent/close-approvals.ts'
import { listLateRuns } from '#lib/data/approvals.ts'
import { prismaStore } from '#lib/data/chatkit-store.ts'
import { log } from '#lib/log.ts'

/** How often (ms) this process looks for questions that nobody answered. */
const LOOK_MS = 300_000

// Routes and instrumentation are separate module graphs of one process.
const shared = globalThis as { switchboardQuestions?: NodeJS.Timeout }

/** Looks for questions that nobody answered for a day, now and every five minutes; to be called once when the server starts. */
export function watchQuestions(): void {
  if (shared.switchboardQuestions) return
  shared.switchboardQuestions = setInterval(look, LOOK_MS).unref()
  void look()
}

async function look(): Promise<void> {
  try {
    await expireQuestions()
  } catch (error) {
    log.warn({ error }, 'looking for questions without an answer failed')
  }
}

/** Ends the runs whose question nobody answered for a day: card, ledger and model know of it. Resolves to their number. */
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
