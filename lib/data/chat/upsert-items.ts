import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { TEMPORARY, type Thread } from '#lib/chatkit/protocol/thread.ts'
import { endOfTemporary } from '#lib/data/chat/temporary-conversations.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Tx } from '#lib/platform/db/db.ts'
import { toStorable } from '#lib/platform/json/to-storable.ts'

const ALWAYS = Prisma.sql`true`

/** A thread and its owner. */
type Home = { ownerId: string; threadId: string }

/** Returns SQL that writes a thread if the condition holds. */
export function upsertThread(ownerId: string, thread: Thread, when = ALWAYS): Prisma.Sql {
  const { id, created_at, title = null, status, metadata, allowed_image_domains: domains } = toStorable(thread)
  return Prisma.sql`
    INSERT INTO threads (id, owner_id, created_at, title, status, metadata, allowed_image_domains, temporary_until)
    SELECT ${id}, ${ownerId}, ${timeOf(created_at)}, ${title}, ${JSON.stringify(status)}::jsonb, ${JSON.stringify(metadata)}::jsonb,
      ${domains === undefined ? null : JSON.stringify(domains)}::jsonb,
      ${metadata[TEMPORARY] === true ? endOfTemporary() : Prisma.sql`NULL::timestamptz`}
    WHERE ${when}
    ON CONFLICT (id) DO UPDATE SET title = excluded.title, status = excluded.status, metadata = excluded.metadata,
      allowed_image_domains = excluded.allowed_image_domains, updated_at = now()
    WHERE threads.owner_id = excluded.owner_id RETURNING id`
}

/**
 * Returns SQL that writes an item if the condition holds: where it is, or at the end of the path. One
 * that is in a branch is changed there, or comes to the path if `isNew`.
 */
export function upsertItem(home: Home, given: ThreadItem, when = ALWAYS, isNew = false): Prisma.Sql {
  const item = toStorable(given)
  const { ownerId, threadId } = home
  const isAside = Prisma.sql`thread_id = ${threadId} AND id = ${item.id} AND owner_id = ${ownerId} AND ${when}`
  const data = Prisma.sql`${JSON.stringify(item)}::jsonb`
  const aside = isNew
    ? Prisma.sql`DELETE FROM branch_items WHERE ${isAside} RETURNING id`
    : Prisma.sql`UPDATE branch_items SET type = ${item.type}, data = ${data} WHERE ${isAside} RETURNING id`
  return Prisma.sql`
    WITH aside AS (${aside}), written AS (
      INSERT INTO thread_items (thread_id, id, owner_id, type, data, created_at)
      SELECT ${threadId}, ${item.id}, ${ownerId}, ${item.type}, ${data}, ${timeOf(item.created_at)}
      WHERE ${when} AND (${isNew}::boolean OR NOT EXISTS (SELECT FROM aside))
      ON CONFLICT (thread_id, id) DO UPDATE SET type = excluded.type, data = excluded.data
      WHERE thread_items.owner_id = excluded.owner_id RETURNING id)
    SELECT id FROM aside UNION ALL SELECT id FROM written`
}

/**
 * Stores items in a person's thread if it still exists, and deletes others (`gone`). For work that
 * outlives its process. Needs a transaction across people.
 */
export async function keepItems(tx: Tx, home: Home, items: ThreadItem[], gone: string[]): Promise<void> {
  if (!(await tx.thread.findFirst({ where: { id: home.threadId, ownerId: home.ownerId }, select: { id: true } })))
    return
  for (const item of items) await tx.$executeRaw(upsertItem(home, item))
  if (gone.length > 0) await tx.threadItem.deleteMany({ where: { ...home, id: { in: gone } } })
}

/** True if the thread has items after this one. False if the item does not exist. */
export async function hasItemsAfter(tx: Tx, { ownerId, threadId }: Home, itemId: string): Promise<boolean> {
  const item = await tx.threadItem.findFirst({ where: { threadId, ownerId, id: itemId }, select: { seq: true } })
  if (!item) return false
  return (
    (await tx.threadItem.findFirst({ where: { threadId, ownerId, seq: { gt: item.seq } }, select: { id: true } })) !==
    null
  )
}

// Only a column for people who look into the database: the item keeps its own time.
function timeOf(iso: string): Date {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? new Date() : time
}
