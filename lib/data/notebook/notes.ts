import { badCursor } from '#lib/data/keyset.ts'
import { joinSources } from '#lib/data/notebook/content-sources.ts'
import { lockPerson } from '#lib/data/person-lock.ts'
import { fillSearchIndex } from '#lib/data/search/search-index.ts'
import { toSearchQuery } from '#lib/data/search/search-query.ts'
import { toSnippet } from '#lib/data/search/search-snippet.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'
import { escapeLike } from '#lib/platform/db/escape-like.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

const NOTES_MAX = 10_000
const OFFSET_MAX = 10_000
const TITLE_MAX = 200
const SUGGESTIONS = 20

const ROW = {
  ...{ id: true, title: true, body: true, sources: true, createdAt: true, updatedAt: true },
} satisfies Prisma.NoteSelect

export type Note = Prisma.NoteGetPayload<{ select: typeof ROW }>

/**
 * A note in a list. `snippet` is one line of plain text: the part around the matches, each in `**`,
 * or the beginning of the note.
 */
export type NoteHit = { id: string; title: string; snippet: string; sources: string[]; updatedAt: Date }

/** The caller's note, or null. */
export function findNote(caller: Caller, id: string): Promise<Note | null> {
  return withCaller(caller, (tx) => tx.note.findFirst({ where: { id, ownerId: caller.userId }, select: ROW }))
}

/** The caller's newest note with this title, or null. */
export function findNoteByTitle(caller: Caller, title: string): Promise<Note | null> {
  return withCaller(caller, (tx) =>
    tx.note.findFirst({ where: { title, ownerId: caller.userId }, orderBy: { updatedAt: 'desc' }, select: ROW }),
  )
}

/** Suggests notes for a partly typed title or id, newest first, 20 at most. */
export async function suggestNotes(caller: Caller, typed: string): Promise<{ id: string; title: string }[]> {
  const part = typed.replaceAll('\0', '').trim().slice(0, TITLE_MAX)
  const literal = escapeLike(part)
  const mayBe: Prisma.NoteWhereInput[] = [
    { title: { contains: literal, mode: 'insensitive' as const } },
    { id: { startsWith: literal } },
    { id: { in: await idsTitled(caller, part) } },
  ]
  return withCaller(caller, (tx) =>
    tx.note.findMany({
      where: { ownerId: caller.userId, ...(part && { OR: mayBe }) },
      orderBy: { updatedAt: 'desc' },
      take: SUGGESTIONS,
      select: { id: true, title: true },
    }),
  )
}

/** The ids of the newest notes whose titles contain words with these prefixes. */
async function idsTitled(caller: Caller, part: string): Promise<string[]> {
  const { tsquery } = toSearchQuery(part, { prefix: true, weight: 'A' })
  if (tsquery === null) return []
  await fillSearchIndex(caller, 'notes')
  const rows = await runStatementAs<{ id: string }>(
    caller,
    Prisma.sql`
      SELECT id FROM notes WHERE owner_id = ${caller.userId} AND words @@ ${tsquery}::tsquery
      ORDER BY updated_at DESC LIMIT ${SUGGESTIONS}`,
  )
  return rows.map(({ id }) => id)
}

/** Creates a note. Throws conflict at 10,000 notes. */
export function createNote(caller: Caller, note: { title: string; body: string; sources?: string[] }): Promise<Note> {
  return withCaller(caller, async (tx) => {
    // Locked, so that two calls cannot exceed the limit together.
    await tx.$executeRaw(lockPerson(caller.userId))
    if ((await tx.note.count({ where: { ownerId: caller.userId } })) >= NOTES_MAX)
      throw new AppError(
        'conflict',
        `You have ${NOTES_MAX} notes, which is the most one person can keep. Delete some first.`,
      )
    return tx.note.create({ data: { id: newId('note'), ownerId: caller.userId, ...note }, select: ROW })
  })
}

/** Replaces the given fields of a note, and adds to its sources. Null if there is no such note. */
export function updateNote(
  caller: Caller,
  id: string,
  { sources = [], ...change }: { title?: string; body?: string; sources?: string[] },
): Promise<Note | null> {
  return withCaller(caller, async (tx) => {
    const where = { id, ownerId: caller.userId }
    const known = sources.length > 0 ? await tx.note.findFirst({ where, select: { sources: true } }) : null
    const data = { ...change, ...(known && { sources: joinSources(known.sources, sources) }) }
    const rows = await tx.note.updateManyAndReturn({ where, data, select: ROW })
    return rows[0] ?? null
  })
}

/** Deletes a note and returns it; null if there is no such note. */
export function deleteNote(caller: Caller, id: string): Promise<Note | null> {
  return withCaller(caller, async (tx) => {
    const own = { id, ownerId: caller.userId }
    const note = await tx.note.findFirst({ where: own, select: ROW })
    const { count } = await tx.note.deleteMany({ where: own })
    return count === 0 ? null : note
  })
}

/**
 * Notes that match a web-search style query, best first; without a query, the newest first. A match
 * in the title ranks higher. `after` is the cursor of the previous page. Throws bad_request for an
 * invalid cursor.
 */
export async function searchNotes(
  caller: Caller,
  { query, after, limit }: { query?: string; after?: string; limit: number },
): Promise<Page<NoteHit>> {
  const offset = readOffset(after)
  const slice = Prisma.sql`LIMIT ${limit + 1} OFFSET ${offset}`
  const { tsquery, wanted } = query ? toSearchQuery(query) : { tsquery: null, wanted: [] }
  if (query && tsquery === null) return { data: [], has_more: false }
  if (query) await fillSearchIndex(caller, 'notes')
  const rows = await runStatementAs<Found>(
    caller,
    tsquery === null ? newest(caller, slice) : matching(caller, tsquery, slice),
  )
  const { data, has_more } = toPage(rows, limit, (row) => row.id)
  const hits: NoteHit[] = []
  for (const { body, ...note } of data) hits.push({ ...note, snippet: await toSnippet(body, wanted) })
  return has_more ? { data: hits, has_more, after: String(offset + limit) } : { data: hits, has_more }
}

type Found = { id: string; title: string; body: string; sources: string[]; updatedAt: Date }

function matching({ userId }: Caller, tsquery: string, slice: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT id, title, body, sources, updated_at AS "updatedAt"
    FROM notes, CAST(${tsquery} AS tsquery) AS query
    WHERE owner_id = ${userId} AND words @@ query
    ORDER BY ts_rank(words, query) DESC, updated_at DESC, id ${slice}`
}

function newest({ userId }: Caller, slice: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT id, title, body, sources, updated_at AS "updatedAt" FROM notes WHERE owner_id = ${userId}
    ORDER BY updated_at DESC, id ${slice}`
}

function readOffset(after: string | undefined): number {
  if (after === undefined) return 0
  const offset = /^\d{1,5}$/.test(after) ? Number(after) : Number.NaN
  if (!(offset <= OFFSET_MAX)) throw badCursor()
  return offset
}
