import { toSearchVector } from '#lib/data/search/search-words.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'

/** The messages that a search looks in, and their texts. */
export const IS_MESSAGE = Prisma.sql`type IN ('user_message', 'assistant_message')`
export const MESSAGE_TEXT = Prisma.sql`(SELECT string_agg(part #>> '{}', ' ') FROM jsonb_path_query(data, '$.content[*].text') AS part)`

/**
 * The searchable tables: for each, its key besides the owner, in which the rows with the greatest
 * one are filled first, and its texts by weight. A table needs a column `words`.
 */
const SEARCHED = {
  notes: { key: 'id', texts: [Prisma.sql`title`, Prisma.sql`body`], when: Prisma.sql`true` },
  tasks: { key: 'number', texts: [Prisma.sql`title`], when: Prisma.sql`true` },
  threads: { key: 'seq', texts: [Prisma.sql`title`], when: Prisma.sql`true` },
  thread_items: { key: 'seq', texts: [MESSAGE_TEXT], when: IS_MESSAGE },
}
const WEIGHTS = ['A', 'B', 'C', 'D'] as const

const BATCH = 20
/** More characters of one text have no words (search-words.ts). */
const TEXT_MAX = 200_000

/**
 * Fills `words` for the caller's rows that lack it. A trigger clears it when a text changes, so
 * writers need not maintain it. Await this before a query on `words`. Stops after `forMs`: false if
 * there may be more.
 */
export async function fillSearchIndex(
  caller: { userId: string },
  table: keyof typeof SEARCHED,
  forMs = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  const until = performance.now() + forMs
  const rows = Prisma.sql`FROM ${Prisma.raw(table)} WHERE owner_id = ${caller.userId} AND words IS NULL AND ${SEARCHED[table].when}`
  const [missing] = await runStatementAs(caller, Prisma.sql`SELECT true ${rows} LIMIT 1`)
  if (!missing) return true
  while (await fillBatch(caller, table, rows)) if (performance.now() > until) return false
  return true
}

/**
 * Fills some rows, locked so that a concurrent change waits and clears them again. True if there
 * may be more.
 */
function fillBatch(caller: { userId: string }, table: keyof typeof SEARCHED, rows: Prisma.Sql): Promise<boolean> {
  const { key, texts } = SEARCHED[table]
  const cut = texts.map((text) => Prisma.sql`left(coalesce(${text}, ''), ${TEXT_MAX}::integer)`)
  return withCaller(caller, async (tx) => {
    const found = await tx.$queryRaw<{ key: string; texts: string[] }[]>(Prisma.sql`
      SELECT ${Prisma.raw(key)}::text AS key, ARRAY[${Prisma.join(cut)}] AS texts ${rows}
      ORDER BY ${Prisma.raw(key)} DESC LIMIT ${BATCH} FOR UPDATE`)
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
