import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { type AttachmentKind, toKind } from '#lib/data/attachments/attachment-type.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { AppError } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { log } from '#lib/platform/log.ts'

/**
 * The program runs from source even in a build: next.config.ts copies it and its dependencies to
 * the same place below the working folder.
 */
const PROGRAM = path.resolve('lib/data/attachments/opening/open-attachment-process.ts')
/** How long (ms) opening one file may take, and below it how long a file may wait for its turn. */
const OPEN_MS = 20_000
const TURN_MS = 30_000
/** How many files are opened at once. Each may take a core and 700 MB. */
const AT_ONCE = 2
const HEAP_MB = 512

/** The answer of the process. */
type Opening = {
  result: 'opened' | 'damaged' | 'locked' | 'empty' | 'too_many_pixels' | 'too_many_pages' | 'too_much'
  limit?: number
  /** What is read of an Office document, and whether that is only its beginning. */
  text?: string
  isCut?: boolean
}

const NAMES = { image: 'The picture', pdf: 'The PDF', office: 'The document' }
type Openable = keyof typeof NAMES

const waiting: (() => void)[] = []
let running = 0

/**
 * Opens a picture, a PDF or an Office document in a separate process with limits on pixels, pages,
 * time, memory and text. Resolves to the text of an Office document; null for any other file, of
 * which those that are no picture and no PDF are not opened. Throws unsupported_type if the file is
 * damaged, locked or empty, too_large if it exceeds a limit, and limited if too many files are being
 * opened. If the process cannot start, the error is logged, and pictures and PDFs are accepted,
 * because the fault is ours; for a document it throws unavailable.
 */
export async function openAttachment(mimeType: string, bytes: Uint8Array): Promise<string | null> {
  const kind = toKind(mimeType)
  if (!isOpenable(kind)) return null
  await takeTurn()
  try {
    const found = await open(kind, bytes)
    if (found) refuse(kind, found)
    else if (kind === 'office')
      throw new AppError('unavailable', 'Documents cannot be read just now. Attach it as a PDF.')
    const { text, isCut } = found ?? {}
    if (text === undefined) return null
    return toStorableText(isCut ? `${text}\n[The rest of the document is left out.]` : text)
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}

/**
 * Resolves when this file may be opened. A file that is finished passes its slot on. Throws limited
 * after TURN_MS.
 */
async function takeTurn(): Promise<void> {
  if (running < AT_ONCE) {
    running += 1
    return
  }
  const turn = Promise.withResolvers<void>()
  waiting.push(turn.resolve)
  await withDeadline(turn.promise, TURN_MS, () => {
    waiting.splice(waiting.indexOf(turn.resolve), 1)
    throw new AppError('limited', 'Many files are being opened just now. Try again in a moment.', { retryAfter: 5 })
  })
}

function isOpenable(kind: AttachmentKind): kind is Openable {
  return Object.hasOwn(NAMES, kind)
}

/** Null if the process failed through a fault of ours. */
async function open(kind: Openable, bytes: Uint8Array): Promise<Opening | null> {
  // The process gets none of our settings, because the file is hostile input.
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, PROGRAM, kind], {
    env: { NODE_ENV: 'production' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: OPEN_MS,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<{ code: number | null; signal: string | null; error?: Error }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }))
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  // A process that has ended reads no more input; its exit is handled below.
  child.stdin.on('error', () => undefined)
  child.stdin.end(bytes)
  const [{ code, signal, error }, output, complaint] = await Promise.all([
    ended,
    text(child.stdout),
    text(child.stderr),
  ])
  if (code === 0) return JSON.parse(output) as Opening
  // Killed for its time or memory (V8 aborts by itself), or crashed by the file.
  if (signal !== null || (code !== null && code > 1)) {
    log.warn(
      { kind, size: bytes.byteLength, code, signal, complaint: complaint.slice(-500) },
      'a file that was attached could not be opened',
    )
    return { result: signal === 'SIGKILL' || signal === 'SIGABRT' ? 'too_much' : 'damaged' }
  }
  log.error({ error, code, complaint: complaint.slice(-2_000) }, 'attached files cannot be opened')
  return null
}

function refuse(kind: Openable, { result, limit = 0 }: Opening): void {
  const what = NAMES[kind]
  switch (result) {
    case 'damaged':
      throw new AppError('unsupported_type', `${what} cannot be opened. It is damaged or incomplete.`)
    case 'locked':
      throw new AppError('unsupported_type', `${what} is locked with a password. Attach a copy without one.`)
    case 'empty':
      throw new AppError(
        'unsupported_type',
        kind === 'office'
          ? `${what} has no text that can be read. Attach it as a PDF or as pictures.`
          : `${what} is empty: there is nothing on its pages.`,
      )
    case 'too_many_pixels':
      throw new AppError(
        'too_large',
        `${what} has more than ${limit / 1_000_000} million pixels. Make it smaller and attach it again.`,
      )
    case 'too_much':
      throw new AppError(
        'too_large',
        `${what} takes too much time or memory to open. Save it in a simpler form and attach it again.`,
      )
    case 'too_many_pages':
      throw new AppError('too_large', `${what} has more than ${limit} pages. Attach the part that matters.`)
  }
}
