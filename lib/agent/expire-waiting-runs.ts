import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { log } from '#lib/platform/log.ts'

/** How many batches one look ends. */
const BATCHES_MAX = 20

type Owner = { userId: string }

/** The runs that wait for a person in one way. */
type WaitingRuns = {
  /** What they wait for, for the log. */
  what: 'approvals' | 'questions'
  /** A batch of runs that waited too long, without those in `failed`. */
  list: (failed: string[]) => Promise<{ runId: string; ownerId: string }[]>
  /** Closes what a run waits for as expired, and yields the cards that changed. */
  close: (owner: Owner, store: Store, runId: string, ending: 'expired') => AsyncGenerator<ThreadStreamEvent>
}

/**
 * Ends runs that waited too long for a person, in batches until none is left, 20 batches at most;
 * the next look ends the rest. A run that cannot be ended does not hold up the others. Resolves to
 * the number of runs that were ended.
 */
export async function expireWaitingRuns({ what, list, close }: WaitingRuns): Promise<number> {
  const failed: string[] = []
  let ended = 0
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const runs = await list(failed)
    if (runs.length === 0) return ended
    for (const { runId, ownerId } of runs) {
      try {
        const owner = { userId: ownerId }
        const store = createPrismaStore(owner)
        for await (const event of close(owner, store, runId, 'expired'))
          if (event.type === 'thread.item.replaced') await store.saveItem(event.item.thread_id, event.item)
        ended += 1
      } catch (error) {
        failed.push(runId)
        log.warn({ error, run_id: runId, what }, 'a run that waited too long could not be ended')
      }
    }
  }
  log.warn({ ended, failed: failed.length, what }, 'more runs have waited too long than one look can end')
  return ended
}
