import type { Caller } from '#lib/auth/caller.ts'
import { lockPerson } from '#lib/data/person-lock.ts'
import { type Tx, withCaller } from '#lib/db.ts'
import { AppError } from '#lib/errors.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { newId } from '#lib/ids.ts'
import { type Page, toPage } from '#lib/page.ts'

const NOTES_MAX = 10_000
const OFFSET_MAX = 10_000
const TITLE_MAX = 200
const SUGGESTIONS = 20

const ROW = { id: true, title: true, body: true, createdAt: true, updatedAt: true } satisfies Prisma.NoteSelect

export type Note = Prisma.NoteGetPayload<{ select: typeof ROW }>

/** A note in a list. `snippet` is one line of plain text: what was found in `**`, or the note's beginning. */
export type NoteHit = { id: string; title: string; snippet: string; updatedAt: Date }

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

/** Notes that somebody could mean who has typed so much of a title or an id, newest first, 20 at most. */
export function suggestNotes(caller: Caller, typed: string): Promise<{ id: string; title: string }[]> {
  const part = typed.replaceAll('\0', '').trim().slice(0, TITLE_MAX)
  // Prisma leaves LIKE's own signs in the text.
  const literal = part.replace(/[\\%_]/g, '\\$&')
  const mayBe = { OR: [{ title: { contains: literal, mode: 'insensitive' as const } }, { id: { startsWith: literal } }] }
  return withCaller(caller, (tx) =>
    tx.note.findMany({
      where: { ownerId: caller.userId, ...(part && mayBe) },
      orderBy: { updatedAt: 'desc' },
      take: SUGGESTIONS,
      select: { id: true, title: true },
    }),
  )
}

/** Writes a new note. Throws conflict at 10,000 notes. */
export function createNote(caller: Caller, note: { title: string; body: string }): Promise<Note> {
  return withCaller(caller, async (tx) => {
    // Two calls must not pass the limit together.
    await tx.$executeRaw(lockPerson(caller.userId))
    if ((await tx.note.count({ where: { ownerId: caller.userId } })) >= NOTES_MAX)
      throw new AppError('conflict', `You have ${NOTES_MAX} notes, which is the most one person can keep. Delete some first.`)
    return tx.note.create({ data: { id: newId('note'), ownerId: caller.userId, ...note }, select: ROW })
  })
}

/** Replaces what is given of a note. Null when there is no such note. */
export function updateNote(caller: Caller, id: string, change: { title?: string; body?: string }): Promise<Note | null> {
  return withCaller(caller, async (tx) => {
    const rows = await tx.note.updateManyAndReturn({ where: { id, ownerId: caller.userId }, data: change, select: ROW })
    return rows[0] ?? null
  })
}

/** Deletes a note and returns what it was; null when there is no such note. */
export function deleteNote(caller: Caller, id: string): Promise<Note | null> {
  return withCaller(caller, async (tx) => {
    const own = { id, ownerId: caller.userId }
    const note = await tx.note.findFirst({ where: own, select: ROW })
    const { count } = await tx.note.deleteMany({ where: own })
    return count === 0 ? null : note
  })
}

/**
 * Notes that match a web-search style query, best first; without a query the newest. A match in the title counts more.
 * `after` is the cursor of the page before. Throws bad_request for a cursor that is none.
 */
export function searchNotes(
  caller: Caller,
  { query, after, limit }: { query?: string; after?: string; limit: number },
): Promise<Page<NoteHit>> {
  const offset = readOffset(after)
  const page = { owner: caller.userId, limit: limit + 1, offset }
  return withCaller(caller, async (tx) => {
    const rows = await (query ? matching(tx, query, page) : newest(tx, page))
    const { data, has_more } = toPage(rows, limit, (row) => row.id)
    const hits = data.map(({ id, title, updatedAt, extract, begins, ends }) => ({
      id,
      title,
      updatedAt,
      snippet: toSnippet(extract, { begins, ends }),
    }))
    return has_more ? { data: hits, has_more, after: String(offset + limit) } : { data: hits, has_more }
  })
}

type Slice = { owner: string; limit: number; offset: number }
type Found = { id: string; title: string; updatedAt: Date; extract: string; begins: boolean; ends: boolean }

// Marks around what was found: two private characters, which are taken out of the text itself, so that no note can forge them.
const MARKS = '\uE000\uE001'
const EXTRACT_CHARS = 320
const LEAD_CHARS = 80

/**
 * The extract is cut out of the wholly marked text, around the first mark: ts_headline's own fragments lose a number at
 * their end, which is what people look for ("the door code is 4711"). It is made for the rows of the page alone.
 */
function matching(tx: Tx, query: string, { owner, limit, offset }: Slice): Promise<Found[]> {
  return tx.$queryRaw(Prisma.sql`
    SELECT id, title, updated_at AS "updatedAt", substr(marked, start, ${EXTRACT_CHARS}::int) AS extract,
      start = 1 AS begins, length(marked) < start + ${EXTRACT_CHARS}::int AS ends
    FROM (
      SELECT id, title, body, updated_at, query, ts_rank(search, query) AS rank
      FROM notes, websearch_to_tsquery('english', ${query}) AS query
      WHERE owner_id = ${owner} AND search @@ query
      ORDER BY rank DESC, updated_at DESC, id LIMIT ${limit} OFFSET ${offset}
    ) AS found,
    ts_headline('english', translate(body, ${MARKS}, ''), query, ${`HighlightAll=true, StartSel=${MARKS[0]}, StopSel=${MARKS[1]}`}) AS marked,
    greatest(1, strpos(marked, ${MARKS[0]}) - ${LEAD_CHARS}::int) AS start
    ORDER BY rank DESC, updated_at DESC, id`)
}

function newest(tx: Tx, { owner, limit, offset }: Slice): Promise<Found[]> {
  return tx.$queryRaw(Prisma.sql`
    SELECT id, title, updated_at AS "updatedAt", left(translate(body, ${MARKS}, ''), ${EXTRACT_CHARS}::int) AS extract,
      true AS begins, length(body) <= ${EXTRACT_CHARS}::int AS ends
    FROM notes WHERE owner_id = ${owner} ORDER BY updated_at DESC, id LIMIT ${limit} OFFSET ${offset}`)
}

/** One line of whole words, `**` around what was found, and no angle bracket that a page could take for markup. */
function toSnippet(extract: string, { begins, ends }: { begins: boolean; ends: boolean }): string {
  let text = extract.replace(/\s+/g, ' ')
  if (!begins) text = text.replace(/^[^ \uE000]* ?/, '… ')
  if (!ends) text = text.replace(/ ?[^ ]{0,40}$/u, ' …')
  // The cut may have taken the second mark of a pair.
  if (text.lastIndexOf('\uE000') > text.lastIndexOf('\uE001')) text += '\uE001'
  return text
    .replace(/[\uE000\uE001]/g, '**')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .trim()
}

function readOffset(after: string | undefined): number {
  if (after === undefined) return 0
  const offset = /^\d{1,5}$/.test(after) ? Number(after) : Number.NaN
  if (!(offset <= OFFSET_MAX))
    throw new AppError('bad_request', 'This cursor is not from this list. Leave it out to begin with the first page.')
  return offset
}
