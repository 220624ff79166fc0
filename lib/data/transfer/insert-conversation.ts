import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { ORIGIN, type Thread, type ThreadOrigin } from '#lib/chatkit/protocol/thread.ts'
import { upsertThread } from '#lib/data/chat/upsert-items.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Tx } from '#lib/platform/db/db.ts'
import { toStorable } from '#lib/platform/json/to-storable.ts'

/** A conversation that was written elsewhere. */
export type ForeignConversation = {
  id: string
  title?: string
  createdAt: Date
  updatedAt: Date
  origin: Omit<ThreadOrigin, 'messages'>
  items: ThreadItem[]
}

/**
 * Makes a thread of the person from messages that were not written in it. It says so in its `origin`.
 * Pictures from other servers are not shown in it.
 */
export async function insertConversation(
  tx: Tx,
  ownerId: string,
  { id, title, createdAt, updatedAt, origin, items }: ForeignConversation,
): Promise<void> {
  const thread: Thread = {
    ...{ id, created_at: createdAt.toISOString(), status: { type: 'active' }, allowed_image_domains: [] },
    ...(title !== undefined && { title }),
    metadata: { [ORIGIN]: { ...origin, messages: items.length } satisfies ThreadOrigin },
  }
  await tx.$executeRaw(upsertThread(ownerId, thread))
  await tx.$executeRaw(Prisma.sql`
    INSERT INTO thread_items (thread_id, id, owner_id, type, data, created_at)
    SELECT ${id}, item->>'id', ${ownerId}, item->>'type', item, (item->>'created_at')::timestamptz
    FROM jsonb_array_elements(${JSON.stringify(toStorable(items))}::jsonb) WITH ORDINALITY AS given (item, place) ORDER BY place`)
  await tx.$executeRaw(
    Prisma.sql`UPDATE threads SET updated_at = ${updatedAt} WHERE id = ${id} AND owner_id = ${ownerId}`,
  )
}
