import { toSearchVector } from '#lib/data/search/search-words.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { statementAs, withCaller } from '#lib/platform/db/db.ts'

/** What can be searched: for each table its key beside the owner, and its texts by weight. A table needs a column `words`. */
const SEARCHED = {
  notes: { key: 'id', texts: ['title', 'body'] },
  tasks: { key: 'number', texts: ['title'] },
} as const
const WEIGHTS = ['A', 'B', 'C', 'D'] as const

const BATCH = 20

/**
 * Works out the words of the caller's rows that have none: a trigger forgets them when a text changes, so that no writer has to
 * think of them. To be awaited before `words` is asked.
 */
export async function fillSearchIndex(caller: { userId: string }, table: keyof typeof SEARCHED): Promise<void> {
  const rows = Prisma.sql`FROM ${Prisma.raw(table)} WHERE owner_id = ${caller.userId} AND words IS NULL`
  const [missing] = await statementAs(caller, Prisma.sql`SELECT true ${rows} LIMIT 1`)
  if (!missing) return
  while (await fillBatch(caller, table, rows));
}

/** Fills some rows, locked so that a change meanwhile waits and forgets again. True if there may be more. */
function fillBatch(caller: { userId: string }, table: keyof typeof SEARCHED, rows: Prisma.Sql): Promise<boolean> {
  const { key, texts } = SEARCHED[table]
  return withCaller(caller, async (tx) => {
    const found = await tx.$queryRaw<{ key: string; texts: string[] }[]>(Prisma.sql`
      SELECT ${Prisma.raw(key)}::text AS key, ARRAY[${Prisma.raw(texts.join(', '))}] AS texts ${rows}
      ORDER BY ${Prisma.raw(key)} LIMIT ${BATCH} FOR UPDATE`)
    const vectors: string[] = []
    for (const row of found)
      vectors.push(await toSearchVector(row.texts.map((text, at) => ({ text, weight: WEIGHTS[at] ?? 'D' }))))
    await tx.$executeRaw(Prisma.sql`
      UPDATE ${Prisma.raw(table)} SET words = filled.words::tsvector
      FROM (SELECT unnest(${found.map((row) => row.key)}::text[]) AS key, unnest(${vectors}::text[]) AS words) AS filled
      WHERE owner_id = ${caller.userId} AND ${Prisma.raw(`${table}.${key}::text`)} = filled.key`)
    return found.length === BATCH
  })
}
