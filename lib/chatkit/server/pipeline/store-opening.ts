import type { Opening, Store } from '#lib/chatkit/protocol/store.ts'
import { leaveBehind } from '#lib/chatkit/server/operations/leave-behind.ts'

/**
 * Stores a new thread and the message one after the other, for stores without transactions. If the
 * message cannot be stored, a new thread is deleted again, as far as the store can be reached.
 * Throws what the store throws.
 */
export async function storeOpening(store: Store, { thread, message, replaces }: Opening): Promise<void> {
  const threadId = message.thread_id
  if (thread) await store.saveThread(thread)
  if (replaces !== undefined) await leaveBehind(store, threadId, { from: replaces })
  try {
    if (message.attachments.length > 0)
      await store.attachments?.bind(
        threadId,
        message.attachments.map(({ id }) => id),
      )
    await store.addItem(threadId, message)
  } catch (error) {
    if (thread) await store.deleteThread(threadId).catch(() => undefined)
    throw error
  }
}
