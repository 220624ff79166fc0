import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

type Owner = { userId: string }

/** The model that the owner chose for a thread, as their client sent it. Null if they chose none. */
export async function findThreadModelChoice({ userId }: Owner, threadId: string): Promise<string | null> {
  const [row] = await runStatementAs<{ choice: string | null }>(
    { userId },
    Prisma.sql`SELECT model_choice AS choice FROM threads WHERE id = ${threadId} AND owner_id = ${userId}`,
  )
  return row?.choice ?? null
}

/** The model that the person chose last, with which their new threads begin. Null if they chose none. */
export async function findLastModelChoice({ userId }: Owner): Promise<string | null> {
  const [row] = await runStatementAs<{ choice: string | null }>(
    { userId },
    Prisma.sql`SELECT model_choice AS choice FROM users WHERE id = ${userId}`,
  )
  return row?.choice ?? null
}

/** The owner's choices for these threads, for a page that shows which model answers. */
export function listThreadModelChoices({ userId }: Owner, max = 500): Promise<{ threadId: string; choice: string }[]> {
  return runStatementAs<{ threadId: string; choice: string }>(
    { userId },
    Prisma.sql`
      SELECT id AS "threadId", model_choice AS choice FROM threads
      WHERE owner_id = ${userId} AND model_choice IS NOT NULL ORDER BY seq DESC LIMIT ${max}::integer`,
  )
}

/** Makes a thread follow the default again, if its choice is still `choice`. */
export async function forgetThreadModelChoice({ userId }: Owner, threadId: string, choice: string): Promise<void> {
  await runStatementAs(
    { userId },
    Prisma.sql`
      UPDATE threads SET model_choice = NULL
      WHERE id = ${threadId} AND owner_id = ${userId} AND model_choice = ${choice}`,
  )
}

/**
 * The statements that remember what a message chose, for its thread and its person. A new thread
 * without a choice begins with the person's last one.
 */
export function rememberChoiceStatements(
  ownerId: string,
  { thread_id, inference_options }: UserMessageItem,
  isNew: boolean,
  condition: Prisma.Sql,
): Prisma.Sql[] {
  const here = Prisma.sql`id = ${thread_id} AND owner_id = ${ownerId} AND ${condition}`
  const chosen = inference_options.model
  if (chosen !== undefined)
    return [
      Prisma.sql`UPDATE threads SET model_choice = ${chosen} WHERE ${here}`,
      Prisma.sql`UPDATE users SET model_choice = ${chosen} WHERE id = ${ownerId} AND ${condition}`,
    ]
  if (!isNew) return []
  return [
    Prisma.sql`UPDATE threads SET model_choice = (SELECT model_choice FROM users WHERE id = ${ownerId}) WHERE ${here}`,
  ]
}
