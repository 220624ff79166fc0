import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { deleteBytes } from '#lib/data/attachments/attachments.ts'
import { deleteFilesOf } from '#lib/data/attachments/result-file.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { notFound } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

type Row = { id: string; data: ThreadItem }

/**
 * Deletes a message from the path that is shown, with everything up to the next message and with the
 * other versions of its answer. Branches that went on behind it hang at the item before it then.
 * Summaries that cover it are made anew. Nothing in the ledger changes. Resolves to the deleted items
 * and to the id of the item before them; null at the start. Throws not_found.
 */
export async function deleteTurnRows(
  tx: Tx,
  { ownerId, threadId }: { ownerId: string; threadId: string },
  messageId: string,
): Promise<{ items: ThreadItem[]; afterId: string | null }> {
  const own = Prisma.sql`thread_id = ${threadId} AND owner_id = ${ownerId}`
  const [message] = await tx.$queryRaw<{ seq: bigint }[]>`
    SELECT seq FROM thread_items WHERE ${own} AND id = ${messageId} AND type = 'user_message'`
  if (!message) throw notFound('The item')
  const { seq } = message
  const turn = await tx.$queryRaw<Row[]>`
    SELECT id, data FROM thread_items WHERE ${own} AND seq >= ${seq} AND seq < coalesce(
      (SELECT min(seq) FROM thread_items WHERE ${own} AND seq > ${seq} AND type = 'user_message'), ${END}::bigint)`
  const isInTurn = Prisma.sql`= ANY(${turn.map(({ id }) => id)}::text[])`
  // A branch that begins with a message goes on behind this turn; any other has its answer first.
  const answers = await tx.$queryRaw<Row[]>`
    DELETE FROM branch_items AS item USING branches WHERE branches.thread_id = ${threadId} AND branches.owner_id = ${ownerId}
      AND after_id ${isInTurn} AND item.branch_id = branches.id AND item.seq < coalesce((SELECT min(seq) FROM branch_items AS next
        WHERE next.branch_id = branches.id AND next.type = 'user_message'), ${END}::bigint)
    RETURNING item.id, item.data`
  const gone = [...turn, ...answers]
  const [before] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM thread_items WHERE ${own} AND seq < ${seq} ORDER BY seq DESC LIMIT 1`
  const afterId = before?.id ?? null
  await tx.$executeRaw`
    UPDATE branches SET after_id = ${afterId} WHERE ${own} AND after_id = ANY(${gone.map(({ id }) => id)}::text[])`
  await tx.$executeRaw`
    DELETE FROM branches WHERE ${own} AND NOT EXISTS (SELECT FROM branch_items WHERE branch_id = branches.id)`
  await tx.$executeRaw`
    UPDATE branches SET seq = (SELECT min(seq) FROM branch_items WHERE branch_id = branches.id) WHERE ${own}`
  await tx.$executeRaw`DELETE FROM thread_items WHERE ${own} AND id ${isInTurn}`
  await forgetSummaries(tx, own, seq)
  return { items: gone.map(({ data }) => data), afterId }
}

/** Beyond every place. */
const END = 9_223_372_036_854_775_807n

/** Deletes the summaries that may cover what stood at this place, and empties the items that show them. */
async function forgetSummaries(tx: Tx, own: Prisma.Sql, seq: bigint): Promise<void> {
  const kept = Prisma.sql`SELECT id FROM thread_items WHERE ${own} AND seq < ${seq}
    UNION ALL SELECT id FROM branch_items WHERE ${own} AND seq < ${seq}`
  const summaries = await tx.$queryRaw<{ itemId: string }[]>`
    DELETE FROM summaries WHERE ${own} AND through_id NOT IN (${kept}) RETURNING item_id AS "itemId"`
  const isShown = Prisma.sql`${own} AND id = ANY(${summaries.map(({ itemId }) => itemId)}::text[])`
  const emptied = Prisma.sql`data = jsonb_set(data, '{workflow,tasks}', '[]')`
  await tx.$executeRaw`UPDATE thread_items SET ${emptied} WHERE ${isShown}`
  await tx.$executeRaw`UPDATE branch_items SET ${emptied} WHERE ${isShown}`
}

/** Deletes the files of deleted items that no other item of the thread has. Never throws. */
export async function deleteFilesOfTurn(
  caller: { userId: string },
  threadId: string,
  items: ThreadItem[],
): Promise<void> {
  for (const item of items) {
    await deleteFilesOf(caller, threadId, item)
    if (item.type !== 'user_message') continue
    try {
      for (const { id } of item.attachments) if (!(await isUsed(caller, threadId, id))) await deleteFile(caller, id)
    } catch (error) {
      log.warn({ error, thread_id: threadId }, 'the files of a deleted message go with the conversation')
    }
  }
}

async function isUsed(caller: { userId: string }, threadId: string, fileId: string): Promise<boolean> {
  const uses = Prisma.sql`thread_id = ${threadId} AND owner_id = ${caller.userId} AND type = 'user_message'
    AND data->'attachments' @> ${JSON.stringify([{ id: fileId }])}::jsonb`
  const rows = await runStatementAs(
    caller,
    Prisma.sql`SELECT id FROM thread_items WHERE ${uses} UNION ALL SELECT id FROM branch_items WHERE ${uses} LIMIT 1`,
  )
  return rows.length > 0
}

async function deleteFile(caller: { userId: string }, id: string): Promise<void> {
  // The bytes first, so that none are forgotten.
  await deleteBytes(caller, id)
  await withCaller(caller, (tx) => tx.attachment.deleteMany({ where: { id, ownerId: caller.userId } }))
}
