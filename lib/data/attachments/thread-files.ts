import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

/** A file that a message of a thread has brought, and when it was prepared. */
export type ThreadFile = { name: string; at: Date }

/** The files of a thread, the newest first, 100 at most. */
export function listThreadFiles(caller: { userId: string }, threadId: string): Promise<ThreadFile[]> {
  return runStatementAs<ThreadFile>(
    caller,
    Prisma.sql`
      SELECT data->>'name' AS name, created_at AS at FROM attachments
      WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND share_id IS NULL ORDER BY created_at DESC LIMIT 100`,
  )
}
