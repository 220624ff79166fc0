import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import type { Tx } from '#lib/platform/db/db.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * Returns SQL that serializes the transactions that count or end what one person has. The lock
 * lasts until the end of the transaction.
 */
export function lockPerson(userId: string): Prisma.Sql {
  return Prisma.sql`SELECT pg_advisory_xact_lock(hashtextextended(${userId}, 0))`
}

/**
 * Takes the person's lock within `tx` before creating something that outlives the session, such as
 * a token. Throws unauthenticated if the session ended since the request was admitted, so that an
 * action that ends all access cannot miss it.
 */
export async function takeTurn(tx: Tx, caller: Caller): Promise<void> {
  await tx.$executeRaw(lockPerson(caller.userId))
  const person = await tx.user.findFirst({
    where: { id: caller.userId },
    select: { sessionVersion: true, disabledAt: true },
  })
  const ended = caller.via === 'session' && person?.sessionVersion !== caller.sessionVersion
  if (!person || person.disabledAt || ended)
    throw new AppError('unauthenticated', 'You were signed out. Sign in and try again.')
}
