import type { Opening, Store } from '#lib/chatkit/protocol/store.ts'

/**
 * Stores what a turn begins with, one after the other: for stores without transactions. A new thread whose message cannot be
 * stored is no thread. Throws what the store throws, with nothing left behind where it can be reached.
 */
export async function storeOpening(store: Store, { thread, message }: Opening): Promise<void> {
  const threadId = message.thread_id
  if (thread) await store.saveThread(thread)
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
