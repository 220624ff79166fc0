import { createHash } from 'node:crypto'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { noteConversationChange } from '#lib/data/chat/conversation-changes.ts'
import { takeTurn } from '#lib/data/person-lock.ts'
import { insertConversation } from '#lib/data/transfer/insert-conversation.ts'
import type { JsonEntry } from '#lib/data/transfer/json-entries.ts'
import { ITEMS_MAX } from '#lib/data/transfer/read-conversation.ts'
import { readExportFile } from '#lib/data/transfer/read-export-file.ts'
import { type ForeignEntry, readForeign } from '#lib/data/transfer/read-foreign.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { AppError } from '#lib/platform/errors.ts'
import { deriveId, newId } from '#lib/platform/ids.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** The most conversations of one file, and the most problems that are named. */
const CONVERSATIONS_MAX = 5_000
const PROBLEMS_MAX = 100
const TITLE_MAX_CHARS = 200
const TEXT_MAX_CHARS = 200_000
/** Before 2000, a clock was wrong. */
const EARLIEST_MS = Date.UTC(2000)

/** What came of an import. `already`: conversations that an earlier import has brought, and that are still there. */
export type ImportReport = {
  imported: number
  already: number
  /** The conversations that were left out, or shortened, each with the reason; 100 at most. */
  problems: { title: string; reason: string }[]
  /** How many more there were. */
  moreProblems: number
}

const REASONS = {
  too_large: 'It is larger than 20 MB and was left out.',
  cut_off: 'The file ends in the middle of it. It was left out.',
  broken: 'It is not valid JSON and was left out.',
  unknown: 'It is no conversation of ChatGPT, LibreChat or Switchboard, and was left out.',
  empty: 'It has no text of a person or an assistant, and was left out.',
  too_many_messages: `It has more than ${ITEMS_MAX.toLocaleString('en')} messages and was left out.`,
  too_many: `The file has more than ${CONVERSATIONS_MAX.toLocaleString('en')} conversations. This one was left out.`,
  shortened: `A message was longer than ${TEXT_MAX_CHARS.toLocaleString('en')} characters and was shortened.`,
}

/**
 * Brings the conversations of another program's export along: what the person and the assistant wrote, and
 * nothing else. Each is stored as soon as it is read, so what came before an error stays; the same file
 * again brings only what is not there yet. Throws bad_request, too_large, and unauthenticated if the session ends meanwhile.
 */
export async function importConversations(caller: Caller, chunks: AsyncIterable<Uint8Array>): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, already: 0, problems: [], moreProblems: 0 }
  const name = (title: string | undefined, reason: keyof typeof REASONS) => {
    if (report.problems.length >= PROBLEMS_MAX) report.moreProblems += 1
    else report.problems.push({ title: toTitle(title) ?? 'A conversation without a name', reason: REASONS[reason] })
  }
  let count = 0
  try {
    for await (const entry of readExportFile(chunks)) {
      count += 1
      const found = count > CONVERSATIONS_MAX ? ('too_many' as const) : readEntry(entry)
      if (typeof found === 'string') name(findTitle(entry.text), found)
      else {
        const { isNew, isShortened } = await store(caller, found)
        report[isNew ? 'imported' : 'already'] += 1
        if (isNew && isShortened) name(found.title, 'shortened')
      }
    }
  } finally {
    if (report.imported > 0) {
      noteConversationChange(caller.userId)
      const detail = { imported: report.imported }
      await recordAudit({ action: 'conversations_imported', actorId: caller.userId, subject: caller.userId, detail })
    }
  }
  if (count === 0) throw new AppError('bad_request', 'There is no conversation in this file.')
  return report
}

function readEntry({ text, problem }: JsonEntry): ForeignEntry | keyof typeof REASONS {
  if (problem) return problem
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'broken'
  }
  const found = readForeign(value)
  if (!found) return 'unknown'
  if (found.messages.length === 0) return 'empty'
  if (found.messages.length > ITEMS_MAX) return 'too_many_messages'
  // Without an id of its own, its text tells it from others.
  return { ...found, id: found.id ?? createHash('sha256').update(text).digest('hex') }
}

async function store(caller: Caller, found: ForeignEntry): Promise<{ isNew: boolean; isShortened: boolean }> {
  const ownerId = caller.userId
  const id = deriveId('thr', ownerId, 'import', found.program, found.id ?? '')
  const now = Date.now()
  const isPast = (ms: number | undefined) => ms !== undefined && ms >= EARLIEST_MS && ms <= now
  const began = isPast(found.at) ? (found.at as number) : (found.messages.map(({ at }) => at).find(isPast) ?? now)
  let last = began
  const items = found.messages.map(({ role, text, at }): ThreadItem => {
    if (isPast(at)) last = at as number
    const base = { id: newId('msg'), thread_id: id, created_at: new Date(last).toISOString() }
    const short = cutText(text, TEXT_MAX_CHARS)
    return role === 'user'
      ? {
          ...base,
          type: 'user_message',
          content: [{ type: 'input_text', text: short }],
          attachments: [],
          inference_options: {},
        }
      : { ...base, type: 'assistant_message', content: [{ type: 'output_text', text: short, annotations: [] }] }
  })
  const origin = { kind: 'imported' as const, from: found.program, at: new Date(now).toISOString() }
  const title = toTitle(found.title)
  const isNew = await withCaller(caller, async (tx) => {
    await takeTurn(tx, caller)
    if (await tx.thread.findFirst({ where: { id, ownerId }, select: { id: true } })) return false
    await insertConversation(tx, ownerId, {
      ...{ id, createdAt: new Date(began), updatedAt: new Date(last), origin, items },
      ...(title !== undefined && { title }),
    })
    return true
  })
  return { isNew, isShortened: found.messages.some(({ text }) => text.length > TEXT_MAX_CHARS) }
}

/** The title in the text of an entry that cannot be read as a whole. */
function findTitle(text: string): string | undefined {
  const [, title] = /"title"\s*:\s*"((?:[^"\\]|\\.){0,400})/.exec(text.slice(0, 100_000)) ?? []
  return title?.replace(/\\u[\da-f]{4}|\\./gi, ' ')
}

function toTitle(title: string | undefined): string | undefined {
  return (
    cutText(
      toStorableText(title ?? '')
        .replace(/\s+/g, ' ')
        .trim(),
      TITLE_MAX_CHARS,
    ) || undefined
  )
}
