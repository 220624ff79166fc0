import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { HIDDEN_TYPES } from '#lib/chatkit/protocol/items.ts'
import type { Thread, ThreadStatus } from '#lib/chatkit/protocol/thread.ts'
import type { ItemKind, PageQuery, Store } from '#lib/chatkit/store.ts'
import { expireAttachments } from '#lib/data/attachment-expiry.ts'
import { attachmentRecords } from '#lib/data/attachments.ts'
import { type Tx, withCaller } from '#lib/db.ts'
import { notFound } from '#lib/errors.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { ThreadModel } from '#lib/generated/prisma/models.ts'
import { newId } from '#lib/ids.ts'
import { log } from '#lib/log.ts'
import { toPage } from '#lib/page.ts'
import { repeatably } from '#lib/patience.ts'
import { storable, storableText } from '#lib/storable.ts'

const CLOCKS_MS = 5_000

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
 * The caller's threads and items in the database. Each query names the owner, and row-level security stands behind it: what
 * is another person's is not found. Order is the order of the first write (`seq`), so equal times lose no row.
 */
export function prismaStore(caller: { userId: string }): Store {
  const ownerId = caller.userId
  const inTx = <T>(work: (tx: Tx) => Promise<T>) => withCaller(caller, work)
  const inRepeatableTx = <T>(work: (tx: Tx) => Promise<T>) => repeatably(() => inTx(work))

  async function requireThread(tx: Tx, id: string): Promise<ThreadModel> {
    const row = await tx.thread.findFirst({ where: { id, ownerId } })
    if (!row) throw notFound('The conversation')
    return row
  }

  async function writeItem(threadId: string, item: ThreadItem): Promise<void> {
    try {
      await inRepeatableTx((tx) => putItem(tx, { ownerId, threadId }, item))
    } catch (error) {
      // The foreign key includes the owner: a thread of somebody else is as good as none.
      if (isForeignKeyError(error)) throw notFound('The conversation')
      throw error
    }
  }

  return {
    newThreadId: () => newId('thr'),
    newItemId: (kind) => newId(PREFIX[kind]),

    loadThread: (id) => inTx(async (tx) => toThread(await requireThread(tx, id))),

    saveThread: (thread) =>
      inRepeatableTx(async (tx) => {
        const { id, created_at, title, status, metadata, allowed_image_domains } = storable(thread)
        const data = {
          title: title ?? null,
          status,
          metadata: metadata as Prisma.InputJsonObject,
          allowedImageDomains: allowed_image_domains ?? Prisma.DbNull,
        }
        const { count } = await tx.thread.updateMany({ where: { id, ownerId }, data })
        if (count > 0) return
        // An id that is another person's is skipped without a word of it, and then missing.
        await tx.thread.createMany({ data: { id, ownerId, createdAt: timeOf(created_at), ...data }, skipDuplicates: true })
        await requireThread(tx, id)
      }),

    listThreads: ({ limit, after, order }) =>
      inTx(async (tx) => {
        const place = after === undefined ? undefined : (await requireThread(tx, storableText(after))).seq
        const where = { ownerId, ...beyond(place, order) }
        const rows = await tx.thread.findMany({ where, orderBy: { seq: order }, take: limit + 1 })
        const page = toPage(rows, limit, (row) => row.id)
        return { ...page, data: page.data.map(toThread) }
      }),

    deleteThread: async (id) => {
      const { count } = await inTx((tx) => tx.thread.deleteMany({ where: { id, ownerId } }))
      if (count === 0) throw notFound('The conversation')
      try {
        await expireAttachments(caller)
      } catch (error) {
        // The thread is gone; its files go with the next round.
        log.warn({ error }, 'the files of a deleted conversation were not deleted yet')
      }
    },

    loadItem: (threadId, id) =>
      inTx(async (tx) => {
        const row = await tx.threadItem.findFirst({ where: { threadId, id, ownerId } })
        if (!row) throw notFound('The item')
        return row.data as unknown as ThreadItem
      }),

    listItems: (threadId, { limit, after, order, visible }) =>
      inTx(async (tx) => {
        const cursor = after === undefined ? undefined : await tx.threadItem.findFirst({ where: { threadId, id: after, ownerId } })
        if (cursor === null) throw notFound('The item')
        const where = { threadId, ownerId, ...(visible && { type: { notIn: [...HIDDEN_TYPES] } }), ...beyond(cursor?.seq, order) }
        const rows = await tx.threadItem.findMany({ where, orderBy: { seq: order }, take: limit + 1 })
        const page = toPage(rows, limit, (row) => row.id)
        return { ...page, data: page.data.map((row) => row.data as unknown as ThreadItem) }
      }),

    addItem: writeItem,
    saveItem: writeItem,
    deleteItem: (threadId, id) => inRepeatableTx(async (tx) => void (await tx.threadItem.deleteMany({ where: { threadId, id, ownerId } }))),

    attachments: attachmentRecords(caller),
  }
}

/** Whose thread. */
type Home = { ownerId: string; threadId: string }

async function putItem(tx: Tx, home: Home, given: ThreadItem): Promise<void> {
  const item = storable(given)
  const { id, type } = item
  const data = { type, data: item as Prisma.InputJsonObject }
  const row = { ...home, id, ...data, createdAt: timeOf(item.created_at) }
  if ((await tx.threadItem.createMany({ data: row, skipDuplicates: true })).count > 0) return
  const { count } = await tx.threadItem.updateMany({ where: { ...home, id }, data })
  if (count === 0) throw notFound('The conversation')
}

/** Stores items in somebody's thread where it is still there, and deletes others: for work that outlives its process. Needs a transaction across people. */
export async function keepItems(tx: Tx, home: Home, items: ThreadItem[], gone: string[]): Promise<void> {
  if (!(await tx.thread.findFirst({ where: { id: home.threadId, ownerId: home.ownerId }, select: { id: true } }))) return
  for (const item of items) await putItem(tx, home, item)
  if (gone.length > 0) await tx.threadItem.deleteMany({ where: { ...home, id: { in: gone } } })
}

/** Removes somebody's thread in which nothing was ever said. Needs a transaction across people. */
export async function removeEmptyThread(tx: Tx, { ownerId, threadId }: Home): Promise<void> {
  await tx.thread.deleteMany({ where: { id: threadId, ownerId, items: { none: {} } } })
}

/** True where the thread may have a message of its person from `since` on; clocks may differ by some seconds. */
export async function hasUserMessageSince(tx: Tx, home: Home, since: Date): Promise<boolean> {
  const createdAt = { gte: new Date(since.getTime() - CLOCKS_MS) }
  return (await tx.threadItem.findFirst({ where: { ...home, type: 'user_message', createdAt }, select: { id: true } })) !== null
}

function toThread(row: ThreadModel): Thread {
  return {
    id: row.id,
    ...(row.title !== null && { title: row.title }),
    created_at: row.createdAt.toISOString(),
    status: row.status as ThreadStatus,
    ...(row.allowedImageDomains !== null && { allowed_image_domains: row.allowedImageDomains as string[] }),
    metadata: row.metadata as Record<string, unknown>,
  }
}

function beyond(seq: bigint | undefined, order: PageQuery['order']) {
  return seq === undefined ? {} : { seq: order === 'asc' ? { gt: seq } : { lt: seq } }
}

// Only a column for people who look into the database: the item keeps its own time.
function timeOf(iso: string): Date {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? new Date() : time
}

function isForeignKeyError(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2003'
}
