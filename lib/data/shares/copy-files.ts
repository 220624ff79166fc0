import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { openByteStore, toBytesKey } from '#lib/data/attachments/attachment-bytes.ts'
import { requireRoom } from '#lib/data/attachments/attachment-quota.ts'
import type { Prisma } from '#lib/generated/prisma/client.ts'
import type { Tx } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'

const FILE_ID = /\batc_[0-9a-z]{26}\b/g
/** The most files of one conversation that are copied. */
const FILES_MAX = 1_000

/** A file to copy: whose it is, what it is called, and what was read of an Office document. */
export type SourceFile = { id: string; ownerId: string; size: number; text: string | null; attachment: Attachment }
/** The same with the id of its copy. */
export type FileCopy = SourceFile & { copyId: string }

/** The ids of files that these items name. */
export function listNamedFiles(items: ThreadItem[]): string[] {
  return [...new Set(JSON.stringify(items).match(FILE_ID) ?? [])].slice(0, FILES_MAX)
}

/**
 * Makes the records of copies for `caller`, in `tx`, each with an id of its own. They belong to the
 * thread, and to the share if there is one. Throws conflict if the person's files take too much space.
 */
export async function insertCopies(
  tx: Tx,
  { userId: ownerId }: { userId: string },
  files: SourceFile[],
  { threadId, shareId }: { threadId: string; shareId?: string },
): Promise<FileCopy[]> {
  if (files.length === 0) return []
  if (env().ATTACHMENTS === 'off') return []
  await requireRoom(
    tx,
    { userId: ownerId },
    files.reduce((sum, { size }) => sum + size, 0),
  )
  const copies = files.map((file) => ({ ...file, copyId: newId('atc') }))
  const uploadedAt = new Date()
  await tx.attachment.createMany({
    data: copies.map(({ copyId: id, size, text, attachment }) => {
      const { upload_descriptor: _, thread_id: _thread, metadata: _own, ...shown } = attachment
      const data = renameFiles({ ...shown, id, thread_id: threadId }, copies, shareId)
      return {
        ...{ id, ownerId, threadId, shareId: shareId ?? null, size, text, uploadedAt },
        data: data as Prisma.InputJsonObject,
      }
    }),
  })
  return copies
}

/** Copies the bytes, one file at a time. Throws unavailable if that fails. */
export async function copyBytes({ userId }: { userId: string }, copies: FileCopy[]): Promise<void> {
  const bytes = openByteStore()
  try {
    for (const { id, ownerId, copyId } of copies) {
      const found = await bytes.read(toBytesKey(ownerId, id))
      if (found) await bytes.write(toBytesKey(userId, copyId), found)
    }
  } catch (cause) {
    log.error({ error: cause }, 'the files of a conversation could not be copied')
    throw new AppError('unavailable', 'The files of this conversation could not be copied. Try again in a moment.', {
      cause,
    })
  }
}

/**
 * A value whose files are the copies, at the address where the reader gets them: that of the share,
 * or of the person's own files.
 */
export function renameFiles<T>(value: T, copies: FileCopy[], shareId?: string): T {
  if (copies.length === 0) return value
  const copyOf = new Map(copies.map(({ id, copyId }) => [id, copyId]))
  const folder = shareId === undefined ? '/api/attachments/' : `/api/shared/${shareId}/files/`
  const text = JSON.stringify(value).replace(
    /(\/api\/(?:attachments|shared\/shr_[0-9a-z]{26}\/files)\/)?(\batc_[0-9a-z]{26}\b)/g,
    (found, address: string | undefined, id: string) => {
      const copy = copyOf.get(id)
      return copy === undefined ? found : `${address === undefined ? '' : folder}${copy}`
    },
  )
  return JSON.parse(text) as T
}

/** Items without attachments that were not copied. */
export function withoutLostFiles(items: ThreadItem[], copies: FileCopy[]): ThreadItem[] {
  const kept = new Set(copies.map(({ id }) => id))
  return items.map((item) =>
    item.type === 'user_message' ? { ...item, attachments: item.attachments.filter(({ id }) => kept.has(id)) } : item,
  )
}
