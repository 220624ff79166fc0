import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { WaitingMessages } from '#lib/chatkit/protocol/store.ts'
import type { WaitingMessage } from '#lib/chatkit/protocol/thread.ts'
import { bindStatements } from '#lib/data/attachments/attachment-records.ts'
import { lockPerson } from '#lib/data/person-lock.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { toStorable } from '#lib/platform/json/to-storable.ts'

/** How many messages of one thread may wait, and how many characters (as JSON) they may have together. */
const WAITING_MAX = 10
const CHARS_MAX = 1_000_000

/** A thread and its owner. */
type Home = { ownerId: string; threadId: string }

/** Whose messages wait, and under which sign-in they were sent. */
type Sender = { userId: string; sessionVersion?: number; sessionId?: string }

/** The caller's messages that wait for the end of an answer. */
export function createWaitingMessages(caller: Sender): WaitingMessages {
  const homeOf = (threadId: string): Home => ({ ownerId: caller.userId, threadId })
  return {
    list: async (threadId) => {
      const rows = await runStatementAs<{ data: UserMessageItem; note: string | null; isHeld: boolean }>(
        caller,
        Prisma.sql`SELECT data, note, due_at IS NULL AS "isHeld" FROM waiting_messages WHERE ${ownOf(homeOf(threadId))} ORDER BY seq`,
      )
      return rows.map(toWaitingMessage)
    },
    add: (message) => add(caller, message),
    takeBack: async (threadId, id) => {
      const [row] = await runStatementAs<{ data: UserMessageItem }>(
        caller,
        // A run that takes the message over holds this lock too.
        lockPerson(caller.userId),
        Prisma.sql`DELETE FROM waiting_messages WHERE ${ownOf(homeOf(threadId))} AND id = ${id} RETURNING data`,
      )
      if (!row) throw notFound('The message')
      return row.data
    },
    release: async (threadId, id) => {
      const rows = await runStatementAs(
        caller,
        Prisma.sql`
          UPDATE waiting_messages SET due_at = now(), note = NULL, session_version = ${versionOf(caller)}, session_id = ${caller.sessionId ?? null}
          WHERE ${ownOf(homeOf(threadId))} AND id = ${id} RETURNING id`,
      )
      if (rows.length === 0) throw notFound('The message')
    },
    hold: async (threadId, note) => void (await runStatementAs(caller, makeHoldStatement(homeOf(threadId), note))),
  }
}

function ownOf({ ownerId, threadId }: Home): Prisma.Sql {
  return Prisma.sql`thread_id = ${threadId} AND owner_id = ${ownerId}`
}

/** The version of the caller's session; for a caller without one, the version that the person has now. */
function versionOf({ userId, sessionVersion }: Sender): Prisma.Sql {
  return sessionVersion === undefined
    ? Prisma.sql`(SELECT session_version FROM users WHERE id = ${userId})`
    : Prisma.sql`${sessionVersion}::integer`
}

function toWaitingMessage(row: { data: UserMessageItem; note: string | null; isHeld: boolean }): WaitingMessage {
  return { message: row.data, is_held: row.isHeld, ...(row.note !== null && { note: row.note }) }
}

async function add(caller: Sender, given: UserMessageItem): Promise<void> {
  const message = toStorable(given)
  const { id, thread_id: threadId } = message
  const home = { ownerId: caller.userId, threadId }
  const own = ownOf(home)
  const files = message.attachments.map((file) => file.id)
  const binding =
    files.length > 0
      ? bindStatements(home, files, Prisma.sql`EXISTS (SELECT FROM waiting_messages WHERE id = ${id} AND ${own})`)
      : null
  const data = JSON.stringify(message)
  const isKnown = Prisma.sql`(EXISTS (SELECT FROM waiting_messages WHERE ${own} AND id = ${id})
    OR EXISTS (SELECT FROM thread_items WHERE ${own} AND id = ${id}) OR EXISTS (SELECT FROM branch_items WHERE ${own} AND id = ${id}))`
  const isAdmitted = Prisma.sql`EXISTS (SELECT FROM users WHERE id = ${home.ownerId} AND session_version = ${versionOf(caller)} AND disabled_at IS NULL)`
  const isRoom = Prisma.sql`(SELECT count(*) < ${WAITING_MAX}::integer AND coalesce(sum(length(data::text)), 0) + ${data.length}::integer <= ${CHARS_MAX}::integer
    FROM waiting_messages WHERE ${own})`
  const [found] = await retryIdempotent(() =>
    runStatementAs<{ isAdmitted: boolean; isKnown: boolean; isRoom: boolean }>(
      caller,
      lockPerson(home.ownerId),
      ...(binding ? [binding.lock] : []),
      Prisma.sql`
        INSERT INTO waiting_messages (id, owner_id, thread_id, data, session_version, session_id)
        SELECT ${id}, ${home.ownerId}, ${threadId}, ${data}::jsonb, ${versionOf(caller)}, ${caller.sessionId ?? null}
        WHERE NOT ${isKnown} AND ${isAdmitted} AND ${isRoom} ${binding ? Prisma.sql`AND ${binding.isFree}` : Prisma.empty}
        ON CONFLICT DO NOTHING`,
      ...(binding ? [binding.bind] : []),
      Prisma.sql`SELECT ${isAdmitted} AS "isAdmitted", ${isKnown} AS "isKnown", ${isRoom} AS "isRoom"`,
    ),
  ).catch((error) => {
    // The thread was deleted meanwhile.
    if ((error as { code?: unknown }).code === '23503') throw notFound('The conversation')
    throw error
  })
  if (found?.isKnown) return
  if (!found?.isAdmitted) throw new AppError('unauthenticated', 'You were signed out. Sign in and try again.')
  if (!found.isRoom)
    throw new AppError('conflict', 'Too many messages wait in this conversation. Wait for an answer, or take one back.')
  throw new AppError('conflict', 'A file of this message belongs to another conversation. Upload it again.')
}

/** The statement that holds all messages of a thread until their person sends them. */
export function makeHoldStatement(home: Home, note: string): Prisma.Sql {
  return Prisma.sql`UPDATE waiting_messages SET due_at = NULL, note = ${note} WHERE ${ownOf(home)}`
}

/** The statement that ends the wait of a message that is an item of its thread. */
export function makeDeliveredStatement(home: Home, id: string): Prisma.Sql {
  return Prisma.sql`
    DELETE FROM waiting_messages WHERE ${ownOf(home)} AND id = ${id}
      AND EXISTS (SELECT FROM thread_items WHERE ${ownOf(home)} AND id = ${id})`
}
