import type { ThreadOrigin } from '#lib/chatkit/protocol/thread.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

/**
 * Content of a thread that came from outside, but from no tool server, file or resource: from the
 * web, by the tools of the model's own provider, from the page around the chat, or with the messages
 * that were brought from elsewhere. `at` is when the last of it came.
 */
export type OutsideContent = { kind: 'web' | 'page' | ThreadOrigin['kind']; at: Date }

/** The outside content of a whole thread, whether or not a model still reads it. */
export function listOutsideContent(caller: { userId: string }, threadId: string): Promise<OutsideContent[]> {
  const own = Prisma.sql`thread_id = ${threadId} AND owner_id = ${caller.userId}`
  return runStatementAs<OutsideContent>(
    caller,
    Prisma.sql`
      SELECT kind, max(at) AS at FROM (
        SELECT 'web' AS kind, created_at AS at FROM thread_items
        WHERE ${own} AND type IN ('workflow', 'task', 'assistant_message') AND (
          jsonb_path_exists(data, '$.workflow.tasks[*].type ? (@ == "web_search" || @ == "file")')
          OR jsonb_path_exists(data, '$.task.type ? (@ == "web_search" || @ == "file")')
          OR jsonb_path_exists(data, '$.content[*].annotations[*].source.type ? (@ == "url")'))
        UNION ALL
        -- A workflow goes on after it was created, and a run knows when it read.
        SELECT 'web', web_read_at FROM runs WHERE ${own} AND web_read_at IS NOT NULL
        UNION ALL
        -- The page answers by a request, which begins a run.
        SELECT 'page', coalesce(
          (SELECT min(runs.created_at) FROM runs WHERE runs.thread_id = thread_items.thread_id
            AND runs.owner_id = ${caller.userId} AND runs.operation = 'threads.add_client_tool_output'
            AND runs.created_at >= thread_items.created_at), created_at)
        FROM thread_items WHERE ${own} AND type = 'client_tool_call' AND data->>'status' = 'completed'
        UNION ALL
        SELECT metadata->'origin'->>'kind', (metadata->'origin'->>'at')::timestamptz
        FROM threads WHERE id = ${threadId} AND owner_id = ${caller.userId} AND metadata->'origin'->>'kind' IS NOT NULL
      ) AS outside GROUP BY kind`,
  )
}
