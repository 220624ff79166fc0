import { fillSearchIndex, IS_MESSAGE, MESSAGE_TEXT } from '#lib/data/search/search-index.ts'
import { toSearchQuery } from '#lib/data/search/search-query.ts'
import { toSnippet } from '#lib/data/search/search-snippet.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

/** For how long (ms) a search may work out the words of messages that have none yet. */
const FILL_MS = 1_500
/** The newest messages of a person that a search looks in. */
const MESSAGES_MAX = 20_000
/** This much (characters) of a message is read for the extract that shows the match. */
const EXTRACT_FROM = 20_000
const CONVERSATIONS = 8
const MESSAGES = 12

export type ConversationHit = { id: string; title: string | null; updatedAt: Date; isArchived: boolean }
/** `snippet` is one line around the match, which is in `**`. */
export type MessageHit = {
  id: string
  threadId: string
  title: string | null
  isOwn: boolean
  snippet: string
  createdAt: Date
}
/** `isComplete` is false if the words of older messages are still to be worked out: ask again. */
export type Found = { conversations: ConversationHit[]; messages: MessageHit[]; isComplete: boolean }

/**
 * Finds the caller's conversations by their names and by the messages in them, in every script, as
 * one types: the beginning of a word is enough. The newest come first. Nothing typed finds the
 * conversations of the last use.
 */
export async function searchConversations(caller: { userId: string }, typed: string): Promise<Found> {
  const { tsquery, wanted } = toSearchQuery(typed, { prefix: true })
  if (tsquery === null) {
    const conversations = typed.trim() ? [] : await findConversations(caller, Prisma.sql`t.archived_at IS NULL`)
    return { conversations, messages: [], isComplete: true }
  }
  await fillSearchIndex(caller, 'threads', FILL_MS)
  const isComplete = await fillSearchIndex(caller, 'thread_items', FILL_MS)
  const [conversations, rows] = await Promise.all([
    findConversations(caller, Prisma.sql`t.words @@ ${tsquery}::tsquery`),
    findMessages(caller, tsquery),
  ])
  const messages: MessageHit[] = []
  for (const { text, ...message } of rows)
    messages.push({ ...message, snippet: await toSnippet(text, wanted, { prefix: true }) })
  return { conversations, messages, isComplete }
}

function findConversations(caller: { userId: string }, when: Prisma.Sql): Promise<ConversationHit[]> {
  return runStatementAs<ConversationHit>(
    caller,
    Prisma.sql`
      SELECT t.id, t.title, t.updated_at AS "updatedAt", t.archived_at IS NOT NULL AS "isArchived" FROM threads t
      WHERE t.owner_id = ${caller.userId} AND t.deleted_at IS NULL AND t.temporary_until IS NULL AND ${when}
      ORDER BY t.updated_at DESC, t.id DESC LIMIT ${CONVERSATIONS}`,
  )
}

function findMessages(
  { userId }: { userId: string },
  tsquery: string,
): Promise<(Omit<MessageHit, 'snippet'> & { text: string })[]> {
  return runStatementAs(
    { userId },
    Prisma.sql`
      SELECT m.id, m.thread_id AS "threadId", t.title, m.type = 'user_message' AS "isOwn", m.created_at AS "createdAt",
        left(coalesce(${MESSAGE_TEXT}, ''), ${EXTRACT_FROM}::integer) AS text
      FROM (
        SELECT id, thread_id, type, data, words, seq, created_at FROM thread_items
        WHERE owner_id = ${userId} AND ${IS_MESSAGE} ORDER BY seq DESC LIMIT ${MESSAGES_MAX}
      ) AS m JOIN threads t ON t.id = m.thread_id AND t.owner_id = ${userId} AND t.deleted_at IS NULL AND t.temporary_until IS NULL
      WHERE m.words @@ ${tsquery}::tsquery
      ORDER BY m.seq DESC LIMIT ${MESSAGES}`,
  )
}
