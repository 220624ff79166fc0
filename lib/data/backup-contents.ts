import { withSystem } from '#lib/platform/db/db.ts'

const BATCH = 500

/** What a restored copy holds, for an operator who checks a backup. */
export type BackupContents = {
  people: number
  threads: number
  items: number
  calls: number
  /** When the newest message or answer was stored; null if there is none. */
  newest: Date | null
}

/** Counts the rows that people would miss first. */
export function readBackupContents(): Promise<BackupContents> {
  return withSystem('admin', async (tx) => ({
    people: await tx.user.count(),
    threads: await tx.thread.count(),
    items: await tx.threadItem.count(),
    calls: await tx.toolCall.count(),
    newest: (await tx.threadItem.aggregate({ _max: { createdAt: true } }))._max.createdAt,
  }))
}

/** A file whose bytes must be in the store. */
export type StoredFile = { id: string; ownerId: string; size: number }

/** Yields every uploaded file, at most 500 rows in memory at a time. */
export async function* listStoredFiles(): AsyncGenerator<StoredFile> {
  for (let after = ''; ; ) {
    const rows = await withSystem('admin', (tx) =>
      tx.attachment.findMany({
        where: { id: { gt: after }, uploadedAt: { not: null } },
        select: { id: true, ownerId: true, size: true },
        orderBy: { id: 'asc' },
        take: BATCH,
      }),
    )
    yield* rows
    after = rows.at(-1)?.id ?? after
    if (rows.length < BATCH) return
  }
}
