import type { AssistantMessageItem, ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** How many messages a person may keep in the context of one thread, its other versions included. */
const PINNED_MAX = 10
/** What they may have together (bytes): about 2,000 tokens, which the smallest windows have room for. */
const PINNED_MAX_BYTES = 8_000

const PINNED = Prisma.sql`data @> '{"pinned": true}'`

/** A message that a person can keep in the context. */
export type PinnableItem = UserMessageItem | AssistantMessageItem

/**
 * Keeps messages of the caller's thread in its context, or no longer. Throws not_found if one of
 * them does not exist, conflict if they would be too many or too long.
 */
export async function pinItems(
  caller: { userId: string },
  { thread_id, item_ids, pinned }: { thread_id: string; item_ids: string[]; pinned: boolean },
): Promise<void> {
  const threadId = toStorableText(thread_id)
  const wanted = [...new Set(item_ids.map(toStorableText))]
  const own = Prisma.sql`thread_id = ${threadId} AND owner_id = ${caller.userId}`
  await withCaller(caller, async (tx) => {
    // Serialized, because two at once could pass the limit together.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${threadId}, 0))`
    const changed = await tx.$executeRaw(Prisma.sql`
      UPDATE thread_items SET data = ${pinned ? Prisma.sql`data || '{"pinned": true}'` : Prisma.sql`data - 'pinned'`}
      WHERE ${own} AND id = ANY(${wanted}::text[]) AND type IN ('user_message', 'assistant_message')`)
    if (changed < wanted.length) throw notFound('The message')
    if (pinned) await requireRoom(tx, own)
  })
}

async function requireRoom(tx: Tx, own: Prisma.Sql): Promise<void> {
  const rows = await tx.$queryRaw<{ data: PinnableItem }[]>(Prisma.sql`
    SELECT data FROM thread_items WHERE ${own} AND ${PINNED}
    UNION ALL SELECT data FROM branch_items WHERE ${own} AND ${PINNED}`)
  if (rows.length > PINNED_MAX)
    throw new AppError(
      'conflict',
      `At most ${PINNED_MAX} messages of a conversation can be kept in its context. Let go of another one first.`,
    )
  if (rows.reduce((sum, { data }) => sum + sizeOf(data), 0) > PINNED_MAX_BYTES)
    throw new AppError(
      'conflict',
      'The messages kept in the context would be too long together: about 2,000 tokens are allowed. Let go of another one, or repeat in a short message what matters.',
    )
}

function sizeOf(item: PinnableItem): number {
  const quoted = item.type === 'user_message' ? (item.quoted_text ?? '') : ''
  return item.content.reduce((sum, { text }) => sum + Buffer.byteLength(text), Buffer.byteLength(quoted))
}

/** True for a message that its person keeps in the context. */
export function isPinned(item: ThreadItem): item is PinnableItem {
  return (item.type === 'user_message' || item.type === 'assistant_message') && item.pinned === true
}

/** The pinned messages among a thread's items up to `throughId`, oldest first. */
export async function listPinnedItems(
  caller: { userId: string },
  threadId: string,
  throughId: string,
): Promise<PinnableItem[]> {
  const own = Prisma.sql`thread_id = ${threadId} AND owner_id = ${caller.userId}`
  const rows = await runStatementAs<{ data: PinnableItem }>(
    caller,
    Prisma.sql`
      SELECT data FROM thread_items WHERE ${own} AND ${PINNED}
        AND seq <= (SELECT seq FROM thread_items WHERE ${own} AND id = ${throughId})
      ORDER BY seq`,
  )
  return rows.map(({ data }) => data)
}
