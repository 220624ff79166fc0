import type { Opening } from '#lib/chatkit/protocol/store.ts'
import { bindStatements } from '#lib/data/attachments/attachment-records.ts'
import { makeSetAsideStatements } from '#lib/data/chat/branches/branches.ts'
import { rememberChoiceStatements } from '#lib/data/chat/model-choices.ts'
import { endOfTemporary, IS_THERE } from '#lib/data/chat/temporary-conversations.ts'
import { upsertItem, upsertThread } from '#lib/data/chat/upsert-items.ts'
import { makeDeliveredStatement } from '#lib/data/chat/waiting/waiting-messages.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { newId } from '#lib/platform/ids.ts'

type OpeningStatements = {
  /** Run before the run is inserted. */
  locks: Prisma.Sql[]
  /** True if the message can be stored: its thread accepts messages, and its files are free. */
  isPossible: Prisma.Sql
  /** Store the message, and its thread if that is new, provided that the run was inserted. */
  writes: Prisma.Sql[]
}

/**
 * The statements that a run's transaction needs to store what its turn begins with, so that both
 * are stored or neither.
 */
export function makeOpeningStatements(
  run: { id: string; ownerId: string },
  { thread, message, replaces, isWaiting = false }: Opening,
): OpeningStatements {
  const { ownerId } = run
  const threadId = message.thread_id
  const isRun = Prisma.sql`EXISTS (SELECT FROM runs WHERE id = ${run.id} AND owner_id = ${ownerId})`
  const here = Prisma.sql`FROM threads WHERE id = ${threadId} AND owner_id = ${ownerId}`
  const takesMessages = thread
    ? Prisma.sql`NOT EXISTS (SELECT ${here} AND status->>'type' <> 'active')`
    : Prisma.sql`EXISTS (SELECT ${here} AND status->>'type' = 'active' AND ${IS_THERE})`
  // A message that came before has replaced the other one already.
  const isReplaceable = Prisma.sql`EXISTS (SELECT FROM thread_items WHERE thread_id = ${threadId} AND owner_id = ${ownerId}
    AND type = 'user_message' AND id IN (${replaces ?? message.id}, ${message.id}))`
  const isStillWaiting = Prisma.sql`EXISTS (SELECT FROM waiting_messages WHERE id = ${message.id} AND owner_id = ${ownerId})`
  const files = message.attachments.map(({ id }) => id)
  const binding = files.length > 0 ? bindStatements({ ownerId, threadId }, files, isRun) : null
  const conditions = [
    takesMessages,
    ...(binding ? [binding.isFree] : []),
    ...(replaces === undefined ? [] : [isReplaceable]),
    ...(isWaiting ? [isStillWaiting] : []),
  ]
  return {
    locks: binding ? [binding.lock] : [],
    isPossible: Prisma.join(conditions, ' AND '),
    writes: [
      thread
        ? upsertThread(ownerId, thread, isRun)
        : // A message is a use, and brings a conversation back from the archive.
          Prisma.sql`UPDATE threads SET updated_at = now(), archived_at = NULL,
            temporary_until = CASE WHEN temporary_until IS NOT NULL THEN ${endOfTemporary()} END WHERE id = ${threadId} AND owner_id = ${ownerId} AND ${isRun}`,
      ...(replaces === undefined
        ? []
        : makeSetAsideStatements({ ownerId, threadId }, { from: replaces }, newId('brn'), isRun)),
      upsertItem({ ownerId, threadId }, message, isRun),
      ...rememberChoiceStatements(ownerId, message, thread !== undefined, isRun),
      ...(binding ? [binding.bind] : []),
      ...(isWaiting ? [makeDeliveredStatement({ ownerId, threadId }, message.id)] : []),
    ],
  }
}
