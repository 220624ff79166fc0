import type { Tx } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'

const MEGABYTE = 1024 * 1024

/** Throws too_large if a file has more bytes than one may have. */
export function requireSize(bytes: number): void {
  const { ATTACHMENT_MAX_MB } = env()
  if (bytes > ATTACHMENT_MAX_MB * MEGABYTE)
    throw new AppError('too_large', `The file is larger than ${ATTACHMENT_MAX_MB} MB.`)
}

/** What a file takes of its person's space: its bytes, and those of the text that was read of it. */
export function toKeptSize(bytes: Uint8Array, text: string | null): number {
  return bytes.byteLength + (text === null ? 0 : Buffer.byteLength(text))
}

/**
 * Checks that the person's files leave `more` bytes of space. Locked per person until the
 * transaction ends. Throws conflict.
 */
export async function requireRoom(tx: Tx, { userId: ownerId }: { userId: string }, more: number): Promise<void> {
  const { ATTACHMENTS_PER_PERSON_MB } = env()
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${ownerId}, 1))`
  const { _sum } = await tx.attachment.aggregate({ where: { ownerId }, _sum: { size: true } })
  if ((_sum.size ?? 0) + more <= ATTACHMENTS_PER_PERSON_MB * MEGABYTE) return
  throw new AppError(
    'conflict',
    `Your files take ${ATTACHMENTS_PER_PERSON_MB} MB already. Delete conversations with files that you no longer need.`,
  )
}
