import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

/** A server whose resource or prompt is in a message of a thread, and when the last of them came. */
export type MessageOrigin = { server: string; at: Date }

/** The servers whose resources and prompts the messages of a thread hold, the latest first, 100 at most. */
export function listMessageOrigins(caller: { userId: string }, threadId: string): Promise<MessageOrigin[]> {
  return runStatementAs<MessageOrigin>(
    caller,
    Prisma.sql`
      SELECT part->'data'->>'server' AS server, max(created_at) AS at
      FROM thread_items, jsonb_array_elements(data->'content') AS part
      WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND type = 'user_message'
        AND part->'data'->>'kind' IN ('resource', 'prompt') AND part->'data'->>'server' IS NOT NULL
      GROUP BY 1 ORDER BY at DESC LIMIT 100`,
  )
}
