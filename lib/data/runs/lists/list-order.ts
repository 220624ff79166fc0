import { z } from 'zod'
import { isAfter, readCursor, toCursor, toTimeCursor } from '#lib/data/keyset.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** How a list of runs or calls is ordered. `slowest`: by duration, those without one last. */
export const LIST_SORTS = ['newest', 'oldest', 'slowest'] as const
export type ListSort = (typeof LIST_SORTS)[number]

/** The columns that a list can be ordered by, as SQL. `tookMs` is null for what has no duration. */
type Columns = { at: Prisma.Sql; id: Prisma.Sql; tookMs: Prisma.Sql }
/** The same values of one row. */
type Place = { at: Date; id: string; tookMs: number | null }

/** An order for SQL: the rows after a cursor, the order itself, and the cursor of a row. */
export type ListOrder = { isNext: Prisma.Sql; orderBy: Prisma.Sql; cursorOf: (row: Place) => string }

const IdText = z
  .string()
  .max(100)
  .regex(/^[\w-]+$/)
const TimeAndId = z.tuple([z.iso.datetime().transform((text) => new Date(text)), IdText])
const TookAndId = z.tuple([z.int().min(-1).max(2_147_483_647), IdText])

/** The order of a list and where its page begins. A cursor of another order begins nowhere: no rows. */
export function toListOrder(sort: ListSort, { at, id, tookMs }: Columns, after: string | undefined): ListOrder {
  const byTime = (row: Place) => toTimeCursor(row.at, row.id)
  if (sort === 'newest')
    return { isNext: isAfter(at, id, after), orderBy: Prisma.sql`${at} DESC, ${id} DESC`, cursorOf: byTime }
  if (sort === 'oldest') {
    const place = after === undefined ? undefined : readCursor(TimeAndId, after)
    const isNext = place ? Prisma.sql`(${at}, ${id}) > (${place[0]}::timestamptz, ${place[1]})` : startOf(place)
    return { isNext, orderBy: Prisma.sql`${at}, ${id}`, cursorOf: byTime }
  }
  const took = Prisma.sql`coalesce(${tookMs}, -1)`
  const place = after === undefined ? undefined : readCursor(TookAndId, after)
  return {
    isNext: place ? Prisma.sql`(${took}, ${id}) < (${place[0]}::int, ${place[1]})` : startOf(place),
    orderBy: Prisma.sql`${took} DESC, ${id} DESC`,
    cursorOf: (row) => toCursor(row.tookMs ?? -1, row.id),
  }
}

const startOf = (place: null | undefined) => (place === undefined ? Prisma.sql`TRUE` : Prisma.sql`FALSE`)

/** PostgreSQL refuses some characters, which no stored text has. */
export function toStorableFilter<Filter extends object>(filter: Filter): Filter {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, typeof value === 'string' ? toStorableText(value) : value]),
  ) as Filter
}
