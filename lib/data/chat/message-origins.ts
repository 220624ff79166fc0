import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

const NAME_MAX_CHARS = 200

/** Where content in messages of a thread comes from, and when the last piece of it came. */
export type MessageOrigin = { server: string; at: Date }

/**
 * The servers whose resources and prompts the messages of a thread hold, and the sources that notes
 * among them have: the latest first, 100 at most.
 */
export function listMessageOrigins(caller: { userId: string }, threadId: string): Promise<MessageOrigin[]> {
  return runStatementAs<MessageOrigin>(
    caller,
    Prisma.sql`
      WITH own AS (
        SELECT type, data, created_at FROM thread_items
        WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND type IN ('user_message', 'hidden_context_item')
      ), offers AS (
        SELECT part->'data' AS offer, created_at FROM own, jsonb_array_elements(
          CASE WHEN type = 'user_message' THEN data->'content' ELSE '[]' END) AS part
        WHERE part->'data'->>'kind' IN ('resource', 'prompt')
        UNION ALL
        SELECT data->'content', created_at FROM own
        WHERE type = 'hidden_context_item' AND data->'content'->>'kind' = 'resource'
      ), named AS (
        SELECT offer->>'server' AS server, created_at FROM offers
        UNION ALL
        SELECT source, created_at FROM offers, jsonb_array_elements_text(
          CASE jsonb_typeof(offer->'sources') WHEN 'array' THEN offer->'sources' ELSE '[]' END) AS source
      )
      SELECT left(server, ${NAME_MAX_CHARS}::integer) AS server, max(created_at) AS at FROM named WHERE server IS NOT NULL
      GROUP BY 1 ORDER BY at DESC LIMIT 100`,
  )
}
