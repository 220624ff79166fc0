import { z } from 'zod'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { AppError } from '#lib/platform/errors.ts'

// A cursor holds the values by which its list is ordered, not a row: the next page is right even if
// that row is deleted meanwhile, and nothing is looked up that may be another person's. Lists that
// have other cursors: threads and items, which the ChatKit protocol continues after an id, and
// searches by rank, which count.

type Key = string | number | null

/** The cursor of a row with these values, as text that clients return and do not read. */
export function toCursor(...keys: Key[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url')
}

/** The values of a cursor, or null if it is not from a list with such values. */
export function readCursor<T extends z.ZodType>(keys: T, cursor: string): z.output<T> | null {
  try {
    return keys.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString())).data ?? null
  } catch {
    return null
  }
}

/** The error for a cursor that a program made up. */
export function badCursor(): AppError {
  return new AppError('bad_request', 'This cursor is not from this list. Leave it out to begin with the first page.')
}

const TimeAndId = z.tuple([
  z.iso.datetime().transform((text) => new Date(text)),
  z.string().max(100).refine(isStorableText),
])

/** The cursor of a row in a list that is ordered by time and id, newest first. */
export function toTimeCursor(at: Date, id: string): string {
  return toCursor(at.toISOString(), id)
}

/**
 * The rows after a cursor of `toTimeCursor`, for SQL. All rows without a cursor, none for a cursor
 * that is not from such a list.
 */
export function isAfter(at: Prisma.Sql, id: Prisma.Sql, cursor: string | undefined): Prisma.Sql {
  if (cursor === undefined) return Prisma.sql`TRUE`
  const place = readCursor(TimeAndId, cursor)
  return place ? Prisma.sql`(${at}, ${id}) < (${place[0]}::timestamptz, ${place[1]})` : Prisma.sql`FALSE`
}

/** The same for Prisma's `where`. */
export function whereAfter<Column extends string>(column: Column, cursor: string | undefined) {
  if (cursor === undefined) return {}
  const place = readCursor(TimeAndId, cursor)
  if (!place) return { id: { in: [] } }
  const [at, id] = place
  const older = { [column]: { lt: at } } as Record<Column, { lt: Date }>
  const same = { [column]: at } as Record<Column, Date>
  return { OR: [older, { ...same, id: { lt: id } }] }
}

/** PostgreSQL refuses other texts, and an id is never one of them. */
function isStorableText(id: string): boolean {
  return id.isWellFormed() && !id.includes('\0')
}
