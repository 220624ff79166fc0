import { declinePendingApprovals } from '#lib/agent/approvals/close-approvals.ts'
import { cancelPendingQuestions } from '#lib/agent/questions/close-questions.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'

/**
 * Ends what waits for its person in a thread, as a new message does: approvals are declined, questions
 * cancelled. The thread's cards say so.
 */
export async function endWaits(caller: { userId: string }, store: Store, threadId: string): Promise<void> {
  for (const closing of [declinePendingApprovals, cancelPendingQuestions])
    for await (const event of closing(caller, store, threadId))
      if (event.type === 'thread.item.replaced') await store.saveItem(threadId, event.item)
}
