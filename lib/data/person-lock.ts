import { Prisma } from '#lib/generated/prisma/client.ts'

/** Lets the transactions that count or end what one person has take turns. Held until the end of the transaction. */
export function lockPerson(userId: string): Prisma.Sql {
  return Prisma.sql`SELECT pg_advisory_xact_lock(hashtextextended(${userId}, 0))`
}
