import { HIDDEN_TYPES } from '#lib/chatkit/protocol/items.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** A person's rating of some items of a thread. The text of the items is not included. */
export type FeedbackRow = {
  id: string
  threadId: string
  itemIds: string[]
  kind: string
  createdAt: Date
  owner: { id: string; name: string; email: string }
}

/**
 * Stores the caller's rating of items of their own thread. It replaces an earlier rating of the
 * same items. Throws not_found if one of the items does not exist.
 */
export async function saveFeedback(
  caller: Caller,
  { thread_id, item_ids, kind }: { thread_id: string; item_ids: string[]; kind: 'positive' | 'negative' },
): Promise<void> {
  const ownerId = caller.userId
  const threadId = toStorableText(thread_id)
  await withCaller(caller, async (tx) => {
    const wanted = [...new Set(item_ids.map(toStorableText))]
    const where = { threadId, ownerId, id: { in: wanted }, type: { notIn: [...HIDDEN_TYPES] } }
    const items = await tx.threadItem.findMany({ where, select: { id: true }, orderBy: { seq: 'asc' } })
    const itemIds = items.map(({ id }) => id)
    if (itemIds.length < wanted.length) throw notFound('The item')
    if (itemIds.length === 0) return
    // Serialized, because two at once would both be kept.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${threadId}, 0))`
    await tx.feedback.deleteMany({ where: { threadId, ownerId, itemIds: { hasSome: itemIds } } })
    await tx.feedback.create({ data: { id: newId('fb'), ownerId, threadId, itemIds, kind } })
  })
}

/**
 * Lists ratings, newest first, of one thread or of all. Only for callers whose admin role was
 * checked.
 */
export function listFeedback(
  _scope: { admin: true },
  { threadId, limit = 50 }: { threadId?: string; limit?: number } = {},
): Promise<FeedbackRow[]> {
  const select = {
    id: true,
    threadId: true,
    itemIds: true,
    kind: true,
    createdAt: true,
    owner: { select: { id: true, name: true, email: true } },
  }
  return withSystem('admin', (tx) =>
    tx.feedback.findMany({
      where: threadId ? { threadId } : {},
      select,
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    }),
  )
}
