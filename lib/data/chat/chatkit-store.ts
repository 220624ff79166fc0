import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { HIDDEN_TYPES } from '#lib/chatkit/protocol/items.ts'
import type { ItemKind, Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread, ThreadStatus } from '#lib/chatkit/protocol/thread.ts'
import { expireAttachments } from '#lib/data/attachments/attachment-expiry.ts'
import { createAttachmentStore } from '#lib/data/attachments/attachment-records.ts'
import { deleteFilesOf } from '#lib/data/attachments/result-file.ts'
import { createBranches } from '#lib/data/chat/branches/branches.ts'
import { noteConversationChange } from '#lib/data/chat/conversation-changes.ts'
import { IS_THERE } from '#lib/data/chat/temporary-conversations.ts'
import { upsertItem, upsertThread } from '#lib/data/chat/upsert-items.ts'
import { createWaitingMessages } from '#lib/data/chat/waiting/waiting-messages.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { ThreadModel } from '#lib/generated/prisma/models.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { notFound } from '#lib/platform/errors.ts'
import { deriveId, newId } from '#lib/platform/ids.ts'
import { toStorable, toStorableText } from '#lib/platform/json/to-storable.ts'
import { log } from '#lib/platform/log.ts'
import { toPage } from '#lib/platform/page.ts'

const PREFIX: Record<ItemKind, string> = {
  message: 'msg',
  tool_call: 'tc',
  workflow: 'wf',
  task: 'tsk',
  structured_input: 'si',
  attachment: 'atc',
  hidden_context: 'hcx',
  sdk_hidden_context: 'shcx',
}

/**
 * The caller's threads and items in the database. Each query names the owner, backed by row-level
 * security, so another person's rows are not found. Rows are ordered by their first write (`seq`),
 * so equal times lose no row.
 */
export function createPrismaStore(caller: { userId: string; sessionVersion?: number; sessionId?: string }): Store {
  const ownerId = caller.userId
  const inTx = <T>(work: (tx: Tx) => Promise<T>) => withCaller(caller, work)
  const idOf = (prefix: string, requestId?: string) =>
    requestId === undefined ? newId(prefix) : deriveId(prefix, ownerId, requestId)
  const write = (statement: Prisma.Sql) => retryIdempotent(() => runStatementAs(caller, statement))

  const writeItem = (isNew: boolean) => async (threadId: string, item: ThreadItem) => {
    const [written] = await write(upsertItem({ ownerId, threadId }, item, undefined, isNew)).catch(ignoreMissing)
    if (!written) throw notFound('The conversation')
  }

  async function loadItem(threadId: string, id: string): Promise<ThreadItem> {
    const [row] = await runStatementAs<{ data: ThreadItem }>(
      caller,
      Prisma.sql`SELECT data FROM thread_items WHERE thread_id = ${threadId} AND id = ${id} AND owner_id = ${ownerId}`,
    )
    if (!row) throw notFound('The item')
    return row.data
  }

  return {
    newThreadId: (requestId) => idOf('thr', requestId),
    newItemId: (kind, requestId) => idOf(PREFIX[kind], requestId),

    loadThread: async (id) => {
      const [row] = await runStatementAs<ThreadRow>(
        caller,
        Prisma.sql`SELECT ${COLUMNS} FROM threads WHERE id = ${id} AND owner_id = ${ownerId} AND ${IS_THERE}`,
      )
      if (!row) throw notFound('The conversation')
      return toThread(row)
    },

    saveThread: async (thread) => {
      const [written] = await write(upsertThread(ownerId, thread)).catch(ignoreMissing)
      if (!written) throw notFound('The conversation')
    },

    changeThread: async (id, changes) => {
      const { title, status, metadata, allowed_image_domains: domains } = toStorable(changes)
      const set = [
        ...('title' in changes ? [Prisma.sql`title = ${title ?? null}`] : []),
        ...(status ? [Prisma.sql`status = ${JSON.stringify(status)}::jsonb`] : []),
        ...(metadata ? [Prisma.sql`metadata = ${JSON.stringify(metadata)}::jsonb`] : []),
        ...('allowed_image_domains' in changes
          ? [Prisma.sql`allowed_image_domains = ${domains ? JSON.stringify(domains) : null}::jsonb`]
          : []),
        // A new name alone is no use of the conversation.
        ...(Object.keys(changes).some((field) => field !== 'title') ? [Prisma.sql`updated_at = now()`] : []),
      ]
      const [row] = await retryIdempotent(() =>
        runStatementAs<ThreadRow>(
          caller,
          Prisma.sql`UPDATE threads SET ${Prisma.join(set)} WHERE id = ${id} AND owner_id = ${ownerId} RETURNING ${COLUMNS}`,
        ),
      )
      if (!row) throw notFound('The conversation')
      if ('title' in changes) noteConversationChange(ownerId)
      return toThread(row)
    },

    listThreads: ({ limit, after, order }) =>
      inTx(async (tx) => {
        const cursor =
          after === undefined ? undefined : await tx.thread.findFirst({ where: { id: toStorableText(after), ownerId } })
        if (cursor === null) throw notFound('The conversation')
        const where = {
          ownerId,
          deletedAt: null,
          temporaryUntil: null,
          ...(cursor && { seq: order === 'asc' ? { gt: cursor.seq } : { lt: cursor.seq } }),
        }
        const rows = await tx.thread.findMany({ where, orderBy: { seq: order }, take: limit + 1 })
        const page = toPage(rows, limit, (row) => row.id)
        return { ...page, data: page.data.map(toThread) }
      }),

    deleteThread: async (id) => {
      const { count } = await inTx((tx) => tx.thread.deleteMany({ where: { id, ownerId } }))
      if (count === 0) throw notFound('The conversation')
      noteConversationChange(ownerId)
      try {
        await expireAttachments(caller)
      } catch (error) {
        // The thread is gone; the next sweep deletes its files.
        log.warn({ error }, 'the files of a deleted conversation were not deleted yet')
      }
    },

    loadItem,

    listItems: async (threadId, { limit, after, order, visible }) => {
      const own = Prisma.sql`thread_id = ${threadId} AND owner_id = ${ownerId}`
      const [isBeyond, direction] =
        order === 'asc' ? [Prisma.sql`>`, Prisma.sql`ASC`] : [Prisma.sql`<`, Prisma.sql`DESC`]
      const rows = await runStatementAs<{ id: string; data: ThreadItem }>(
        caller,
        Prisma.sql`
          SELECT id, data FROM thread_items
          WHERE ${own} ${visible ? Prisma.sql`AND type <> ALL(${[...HIDDEN_TYPES]}::text[])` : Prisma.empty}
            ${after === undefined ? Prisma.empty : Prisma.sql`AND seq ${isBeyond} (SELECT seq FROM thread_items WHERE ${own} AND id = ${after})`}
          ORDER BY seq ${direction} LIMIT ${limit + 1}::integer`,
      )
      // An empty page after an unknown item is an error: `loadItem` throws not_found.
      if (rows.length === 0 && after !== undefined) await loadItem(threadId, after)
      const page = toPage(rows, limit, ({ id }) => id)
      return { ...page, data: page.data.map(({ data }) => data) }
    },

    addItem: writeItem(true),
    saveItem: writeItem(false),
    deleteItem: async (threadId, id) => {
      const [gone] = await retryIdempotent(() =>
        runStatementAs<{ data: ThreadItem }>(
          caller,
          // Branches that hang at the item hang at the one before it then.
          Prisma.sql`
            WITH gone AS (DELETE FROM thread_items WHERE thread_id = ${threadId} AND id = ${id} AND owner_id = ${ownerId}
              RETURNING seq, data),
            hung AS (UPDATE branches SET after_id = (SELECT id FROM thread_items WHERE thread_id = ${threadId}
                AND owner_id = ${ownerId} AND seq < (SELECT seq FROM gone) ORDER BY seq DESC LIMIT 1)
              WHERE thread_id = ${threadId} AND owner_id = ${ownerId} AND after_id = ${id})
            SELECT data FROM gone`,
        ),
      )
      if (gone) await deleteFilesOf(caller, threadId, gone.data)
    },

    attachments: createAttachmentStore(caller),
    branches: createBranches(caller),
    waiting: createWaitingMessages(caller),
  }
}

const COLUMNS = Prisma.sql`id, title, status, metadata, allowed_image_domains AS "allowedImageDomains", created_at AS "createdAt"`
type ThreadRow = Pick<ThreadModel, 'id' | 'title' | 'status' | 'metadata' | 'allowedImageDomains' | 'createdAt'>

function toThread(row: ThreadRow): Thread {
  return {
    id: row.id,
    ...(row.title !== null && { title: row.title }),
    created_at: row.createdAt.toISOString(),
    status: row.status as ThreadStatus,
    ...(row.allowedImageDomains !== null && { allowed_image_domains: row.allowedImageDomains as string[] }),
    metadata: row.metadata as Record<string, unknown>,
  }
}

// An item's foreign key includes the owner, and row-level security refuses to overwrite rows that
// it hides.
function ignoreMissing(error: unknown): [] {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (code === '23503' || (code === '42501' && /row-level security/.test(String(message)))) return []
  throw error
}
