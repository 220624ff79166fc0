import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { ShownCall } from '#lib/chatkit/protocol/shown-call.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { ThreadStatus } from '#lib/chatkit/protocol/thread.ts'
import { openByteStore, toBytesKey } from '#lib/data/attachments/attachment-bytes.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { toPage } from '#lib/platform/page.ts'

// What a reader gets of another person's share. Each query goes through a function of the database
// (migration "shares") that checks the share, its owner and the reader at that moment. What has
// ended, is not for this reader or never was there is the same: not found.

const WHAT = 'This shared conversation'
const READ_ONLY = 'A shared conversation cannot be changed.'

type Reader = { userId: string }

/** A share as its readers see it. */
export type OpenShare = {
  id: string
  ownerId: string
  /** The name of the person who shares it. */
  sharedBy: string
  title: string | null
  withTools: boolean
  status: ThreadStatus
  startedAt: Date
  createdAt: Date
  expiresAt: Date
}

/** The share, if the reader may read it now. Throws not_found. */
export async function findOpenShare(reader: Reader, id: string): Promise<OpenShare> {
  const [share] = await runStatementAs<OpenShare>(
    reader,
    Prisma.sql`
      SELECT id, owner_id AS "ownerId", title, with_tools AS "withTools", status, started_at AS "startedAt",
        created_at AS "createdAt", expires_at AS "expiresAt", find_sharer_name(id) AS "sharedBy"
      FROM find_open_share(${toStorableText(id)})`,
  )
  if (!share) throw notFound(WHAT)
  return share
}

/**
 * The share as a thread of the ChatKit protocol that takes no messages, for this reader. Everything
 * that would change it throws forbidden.
 */
export function createShareStore(reader: Reader, shareId: string): Store {
  const id = toStorableText(shareId)
  const listItems: Store['listItems'] = async (threadId, { limit, after, order }) => {
    requireSame(threadId, id)
    const from = after === undefined ? null : toStorableText(after)
    const rows = await runStatementAs<{ id: string; data: ThreadItem }>(
      reader,
      Prisma.sql`
        SELECT id, data FROM list_open_share_items(${id}, ${from}, ${order === 'asc'}::boolean, ${limit + 1}::integer)`,
    )
    // An empty page of what can no longer be read is an error.
    if (rows.length === 0) await findOpenShare(reader, id)
    const page = toPage(rows, limit, (row) => row.id)
    return { ...page, data: page.data.map(({ data }) => data) }
  }
  return {
    newThreadId: refuse,
    newItemId: refuse,
    loadThread: async (threadId) => {
      requireSame(threadId, id)
      const { title, startedAt } = await findOpenShare(reader, id)
      return {
        ...{ id, created_at: startedAt.toISOString(), metadata: {}, allowed_image_domains: [] },
        ...(title !== null && { title }),
        status: { type: 'closed', reason: 'This is a copy to read. Continue from here to write in one of your own.' },
      }
    },
    saveThread: refuse,
    changeThread: refuse,
    listThreads: async () => ({ data: [], has_more: false }),
    deleteThread: refuse,
    loadItem: refuse,
    listItems,
    addItem: refuse,
    saveItem: refuse,
    deleteItem: refuse,
  }
}

function refuse(): never {
  throw new AppError('forbidden', READ_ONLY)
}

function requireSame(threadId: string, shareId: string): void {
  if (threadId !== shareId) throw notFound(WHAT)
}

/** One of the share's files with its bytes. Throws not_found. */
export async function readSharedFile(
  reader: Reader,
  shareId: string,
  fileId: string,
): Promise<{ attachment: Attachment; bytes: Uint8Array }> {
  const [row] = await runStatementAs<{ ownerId: string; data: Attachment }>(
    reader,
    Prisma.sql`
      SELECT owner_id AS "ownerId", data FROM find_open_share_file(${toStorableText(shareId)}, ${toStorableText(fileId)})`,
  )
  const bytes = row && (await openByteStore().read(toBytesKey(row.ownerId, fileId)))
  if (!bytes) throw notFound('The file')
  return { attachment: row.data, bytes }
}

/** A tool call that the share shows: the `call`th of an item. Throws not_found. */
export async function findSharedCall(
  reader: Reader,
  shareId: string,
  { itemId, call }: { itemId: string; call: string },
): Promise<ShownCall> {
  const at = /^\d{1,4}$/.test(call) ? Number(call) : -1
  const [row] = await runStatementAs<{ shown: ShownCall | null }>(
    reader,
    Prisma.sql`
      SELECT calls->${at}::integer AS shown
      FROM list_open_share_items(${toStorableText(shareId)}, NULL, true, 10000) WHERE id = ${toStorableText(itemId)}`,
  )
  if (at < 0 || !row?.shown) throw notFound('This tool call')
  return row.shown
}
