import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { takeTurn } from '#lib/data/person-lock.ts'
import {
  copyBytes,
  insertCopies,
  listNamedFiles,
  renameFiles,
  type SourceFile,
  withoutLostFiles,
} from '#lib/data/shares/copy-files.ts'
import { findOpenShare } from '#lib/data/shares/share-reader.ts'
import { insertConversation } from '#lib/data/transfer/insert-conversation.ts'
import { ITEMS_MAX } from '#lib/data/transfer/read-conversation.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

/** What a copy has of a share. What tools did was done for its owner, and approved by nobody here. */
const COPIED: ReadonlySet<string> = new Set(['user_message', 'assistant_message', 'generated_image'])

/**
 * Makes a conversation of the reader's own from a share: its messages and files, without the lines
 * and results of tools, without approvals, switches or an assistant. Returns the thread's id. Throws not_found, and
 * conflict if the shared conversation took no messages, or the reader's files take too much space.
 */
export async function continueShare(caller: Caller, shareId: string): Promise<{ threadId: string }> {
  const share = await findOpenShare(caller, shareId)
  if (share.status.type !== 'active')
    throw new AppError('conflict', 'The shared conversation takes no more messages, so it cannot be continued.')
  const threadId = newId('thr')
  const shared = (await listItems(caller, share.id)).filter(({ type }) => COPIED.has(type))
  const named = listNamedFiles(shared)
  const files = await listFiles(caller, share.id, named)
  const now = new Date()
  const copies = await withCaller(caller, async (tx: Tx) => {
    await takeTurn(tx, caller)
    const made = await insertCopies(tx, caller, files, { threadId })
    const items = renameFiles(withoutLostFiles(shared, made), made).map(
      (item): ThreadItem => ({
        ...item,
        ...{ id: newId('msg'), thread_id: threadId },
      }),
    )
    await insertConversation(tx, caller.userId, {
      ...{ id: threadId, createdAt: now, updatedAt: now, items, origin: { kind: 'shared', at: now.toISOString() } },
      ...(share.title !== null && { title: share.title }),
    })
    return made
  })
  await copyBytes(caller, copies)
  return { threadId }
}

async function listItems(reader: Caller, shareId: string): Promise<ThreadItem[]> {
  const rows = await runStatementAs<{ data: ThreadItem }>(
    reader,
    Prisma.sql`SELECT data FROM list_open_share_items(${shareId}, NULL, true, ${ITEMS_MAX}::integer)`,
  )
  return rows.map(({ data }) => data)
}

function listFiles(reader: Caller, shareId: string, ids: string[]): Promise<SourceFile[]> {
  return runStatementAs<SourceFile>(
    reader,
    Prisma.sql`
      SELECT file.id, file.owner_id AS "ownerId", file.size, file.text, file.data AS attachment
      FROM unnest(${ids}::text[]) AS named (id), find_open_share_file(${shareId}, named.id) AS file`,
  )
}
