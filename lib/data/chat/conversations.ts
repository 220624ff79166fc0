import { noteConversationChange } from '#lib/data/chat/conversation-changes.ts'
import { IS_THERE } from '#lib/data/chat/temporary-conversations.ts'
import { isAfter, toTimeCursor } from '#lib/data/keyset.ts'
import { lockPerson } from '#lib/data/person-lock.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

type Person = { userId: string }

/** The most conversations that a person can pin: each is on the first page of the list. */
const PINNED_MAX = 50

/**
 * A conversation in the list of its person. `state`: an answer is being written, or waits for its
 * person, or has ended since the conversation was last on the screen.
 */
export type Conversation = {
  id: string
  title: string | null
  updatedAt: Date
  isPinned: boolean
  isArchived: boolean
  state: 'running' | 'waiting' | 'unseen' | null
}

/** Which conversations are listed: the person's usual ones that are not pinned, or others. */
export type Listed = 'usual' | 'pinned' | 'archived'

const WHICH: Record<Listed, Prisma.Sql> = {
  usual: Prisma.sql`t.archived_at IS NULL AND t.pinned_at IS NULL`,
  pinned: Prisma.sql`t.archived_at IS NULL AND t.pinned_at IS NOT NULL`,
  archived: Prisma.sql`t.archived_at IS NOT NULL`,
}

/**
 * Conversations by last use, the newest first. The cursor holds a place in time, so rows that move
 * to the top while somebody pages are neither repeated below nor push others out.
 */
export async function listConversations(
  caller: Person,
  { which, limit, after }: { which: Listed; limit: number; after?: string },
): Promise<Page<Conversation>> {
  const place = isAfter(Prisma.sql`t.updated_at`, Prisma.sql`t.id`, after)
  const rows = await readConversations(
    caller,
    Prisma.sql`${WHICH[which]} AND ${place} ORDER BY t.updated_at DESC, t.id DESC LIMIT ${limit + 1}::integer`,
  )
  return toPage(rows, limit, ({ updatedAt, id }) => toTimeCursor(updatedAt, id))
}

/** All pinned conversations, by last use: 50 at most. */
export async function listPinned(caller: Person): Promise<Conversation[]> {
  return (await listConversations(caller, { which: 'pinned', limit: PINNED_MAX })).data
}

/** Throws not_found. */
export async function requireConversation(caller: Person, id: string): Promise<Conversation> {
  const [found] = await readConversations(caller, Prisma.sql`t.id = ${id}`)
  if (!found) throw notFound('The conversation')
  return found
}

/** The title of a conversation; null if it has none, or is not there. */
export async function findConversationTitle({ userId }: Person, id: string): Promise<string | null> {
  const [found] = await runStatementAs<{ title: string | null }>(
    { userId },
    Prisma.sql`SELECT title FROM threads WHERE id = ${id} AND owner_id = ${userId} AND ${IS_THERE}`,
  )
  return found?.title ?? null
}

/** Reads conversations with what `rest` adds to the condition. */
function readConversations({ userId }: Person, rest: Prisma.Sql): Promise<Conversation[]> {
  return runStatementAs<Conversation>(
    { userId },
    Prisma.sql`
      SELECT t.id, t.title, t.updated_at AS "updatedAt", t.pinned_at IS NOT NULL AS "isPinned",
        t.archived_at IS NOT NULL AS "isArchived",
        CASE WHEN last.status IN ('queued', 'running') THEN 'running' WHEN last.status = 'waiting' THEN 'waiting'
          WHEN last.status <> 'stopped' AND last.finished_at > t.seen_at THEN 'unseen' END AS state
      FROM threads t LEFT JOIN LATERAL (
        SELECT status, finished_at FROM runs WHERE thread_id = t.id AND owner_id = ${userId}
        ORDER BY created_at DESC LIMIT 1
      ) AS last ON true
      WHERE t.owner_id = ${userId} AND t.deleted_at IS NULL AND t.temporary_until IS NULL AND ${rest}`,
  )
}

/** What a person changes of a conversation in the list. `isSeen`: it is on the screen now. */
export type ConversationChange = { isPinned?: boolean; isArchived?: boolean; isSeen?: true }

/**
 * Pins, archives or marks as seen. An archived conversation is not pinned, and a pinned one not
 * archived. None of this is a use: the place in the list stays. Throws not_found, and conflict at
 * 50 pinned conversations.
 */
export async function changeConversation(caller: Person, id: string, change: ConversationChange): Promise<void> {
  const { isPinned, isArchived, isSeen } = change
  const set = [
    ...(isPinned || isArchived === false ? [Prisma.sql`archived_at = NULL`] : []),
    ...(isPinned === false || isArchived ? [Prisma.sql`pinned_at = NULL`] : []),
    ...(isPinned ? [Prisma.sql`pinned_at = coalesce(pinned_at, now())`] : []),
    ...(isArchived ? [Prisma.sql`archived_at = coalesce(archived_at, now())`] : []),
    ...(isSeen ? [Prisma.sql`seen_at = now()`] : []),
  ]
  if (set.length === 0) return void (await requireConversation(caller, id))
  const own = Prisma.sql`id = ${id} AND owner_id = ${caller.userId} AND deleted_at IS NULL`
  await withCaller(caller, async (tx) => {
    if (isPinned) {
      // Locked, so that two changes cannot exceed the limit together.
      await tx.$executeRaw(lockPerson(caller.userId))
      const others = { ownerId: caller.userId, pinnedAt: { not: null }, deletedAt: null, id: { not: id } }
      if ((await tx.thread.count({ where: others })) >= PINNED_MAX)
        throw new AppError(
          'conflict',
          `You have pinned ${PINNED_MAX} conversations, which is the most. Unpin one first.`,
        )
    }
    if ((await tx.$executeRaw(Prisma.sql`UPDATE threads SET ${Prisma.join(set)} WHERE ${own}`)) === 0)
      throw notFound('The conversation')
  })
  noteConversationChange(caller.userId)
}
