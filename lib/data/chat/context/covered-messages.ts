import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

/** How many messages of the person count as the last ones, besides the one that is answered. */
const RECENT = 3

/** The person's last three messages, as far as they are among the items up to `throughId`, oldest first. */
export async function listCoveredMessages(
  caller: { userId: string },
  threadId: string,
  throughId: string,
): Promise<ThreadItem[]> {
  const own = Prisma.sql`thread_id = ${threadId} AND owner_id = ${caller.userId}`
  const rows = await runStatementAs<{ data: ThreadItem }>(
    caller,
    Prisma.sql`
      SELECT data FROM thread_items
      WHERE ${own} AND seq <= (SELECT seq FROM thread_items WHERE ${own} AND id = ${throughId})
        AND id IN (SELECT id FROM thread_items WHERE ${own} AND type = 'user_message'
          ORDER BY seq DESC LIMIT ${RECENT + 1}::integer)
      ORDER BY seq`,
  )
  return rows.map(({ data }) => data)
}
