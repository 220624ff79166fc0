import { toSearchVector } from '#lib/data/search/search-words.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'

/**
 * The searchable tables: for each, its key besides the owner, and its texts by weight. A table
 * needs a column `words`.
 */
const SEARCHED = {
  notes: { key: 'id', texts: ['title', 'body'] },
  tasks: { key: 'number', texts: ['title'] },
} as const
const WEIGHTS = ['A', 'B', 'C', 'D'] as const

const BATCH = 20

/**
 * Fills `words` for the caller's rows that lack it. A trigger clears it when a text changes, so
 * writers need not maintain it. Await this before a query on `words`.
 */
export async function fillSearchIndex(caller: { userId: string }, table: keyof typeof SEARCHED): Promise<void> {
  const rows = Prisma.sql`FROM ${Prisma.raw(table)} WHERE owner_id = ${caller.userId} AND words IS NULL`
  const [missing] = await runStatementAs(caller, Prisma.sql`SELECT true ${rows} LIMIT 1`)
  if (!missing) return
  while (await fillBatch(caller, table, rows));
}

/**
 * Fills some rows, locked so that a concurrent change waits and clears them again. True if there
 * may be more.
 */
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
