import { toKind } from '#lib/data/attachments/attachment-type.ts'
import { cleanFileName } from '#lib/data/attachments/file-name.ts'
import { storeResultFile } from '#lib/data/attachments/result-file.ts'
import type { Part } from '#lib/mcp-client/answers/read-part.ts'
import { type FilePart, type LinkPart, listFileParts } from '#lib/mcp-client/files/file-parts.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/** How many files and links of one result are shown, and how many files of one turn are kept. */
const FILES_MAX = 10
const LINKS_MAX = 20
const TURN_FILES_MAX = 40
/** The limit (bytes) of all files of one turn together. */
const TURN_BYTES_MAX = 50 * 1024 * 1024
/** How long (ms) the files of one result may take before the next one is not begun. */
const RESULT_MS = 30_000
const TITLE_MAX_CHARS = 200
const URI_MAX_CHARS = 2_000

/** A file of a result that is kept. `size` is in bytes. */
export type KeptFile = { id: string; name: string; mimeType: string; kind: ReturnType<typeof toKind>; size: number }
/**
 * A link of a result. `host` is missing if the link leads nowhere that a browser may go. `uri` is as
 * its server sent it; missing if it is too long to be asked for.
 */
export type ResultLink = { title: string; url: string; uri?: string; host?: string; mimeType?: string }
/** What a person sees of a result besides its text. `problems` are sentences. */
export type ShownFiles = { files: KeptFile[]; links: ResultLink[]; problems: string[] }

type Origin = { server: string; tool: string }

/** Keeps the files of one turn's results for their person, within the limits of a turn. */
export class ResultFiles {
  readonly #caller: { userId: string }
  readonly #threadId: string
  readonly #signal: AbortSignal | undefined
  #files = 0
  #bytes = 0

  constructor(caller: { userId: string }, threadId: string, signal?: AbortSignal) {
    this.#caller = caller
    this.#threadId = threadId
    this.#signal = signal
  }

  /**
   * Keeps the files of a result. Resolves to undefined if it has nothing to show. Never throws: for
   * a file that is not kept, a sentence says why.
   */
  keep = async (origin: Origin, result: { content: Part[] }): Promise<ShownFiles | undefined> => {
    const { files, links } = listFileParts(result, origin.tool)
    if (files.length === 0 && links.length === 0) return undefined
    const shown: ShownFiles = { files: [], links: links.slice(0, LINKS_MAX).map(toShownLink), problems: [] }
    const started = performance.now()
    let left = 0
    for (const file of files) {
      const isLate = performance.now() - started > RESULT_MS || this.#signal?.aborted
      if (shown.files.length === FILES_MAX || this.#files >= TURN_FILES_MAX || isLate) left += 1
      else await this.#keepOne(file, origin, shown)
    }
    if (left > 0) shown.problems.push(`${left} more ${left === 1 ? 'file is' : 'files are'} not kept.`)
    if (links.length > LINKS_MAX) shown.problems.push(`${links.length - LINKS_MAX} more links are not shown.`)
    return shown
  }

  async #keepOne(file: FilePart, origin: Origin, shown: ShownFiles): Promise<void> {
    const { name, mimeType } = file
    // Measured before it is decoded: a refused file takes no memory.
    const size = 'text' in file ? Buffer.byteLength(file.text) : Buffer.byteLength(file.data, 'base64')
    // Counted before it is stored, because results of other calls are kept at the same time.
    this.#files += 1
    this.#bytes += size
    try {
      if (size === 0) throw new AppError('bad_request', 'It is empty.')
      if (this.#bytes > TURN_BYTES_MAX)
        throw new AppError('too_large', `The files of one answer may have ${TURN_BYTES_MAX / 1024 / 1024} MB.`)
      const bytes = 'text' in file ? Buffer.from(file.text) : Buffer.from(file.data, 'base64')
      const kept = await storeResultFile(this.#caller, this.#threadId, { name, mimeType, bytes, origin })
      const { id, name: shownName, mime_type } = kept
      shown.files.push({ id, name: shownName, mimeType: mime_type, kind: toKind(mime_type), size: bytes.byteLength })
    } catch (error) {
      this.#files -= 1
      this.#bytes -= size
      if (!(error instanceof AppError)) log.error({ error, server: origin.server }, 'a file of a result was not kept')
      const why = error instanceof AppError ? error.message : 'It could not be stored just now.'
      shown.problems.push(`“${cleanFileName(name)}” is not kept. ${why}`)
    }
  }
}

function toShownLink({ name, uri, mimeType }: LinkPart): ResultLink {
  return {
    title: cutText(toVisibleText(name), TITLE_MAX_CHARS),
    url: toVisibleText(uri),
    ...(uri.length <= URI_MAX_CHARS && { uri }),
    ...hostOf(uri),
    ...(mimeType && { mimeType: cutText(toVisibleText(mimeType), 100) }),
  }
}

/** A link that a browser may follow: a web address without a password, written in full. */
function hostOf(uri: string): { host?: string; url?: string } {
  const parsed = URL.parse(uri)
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) return {}
  return { host: parsed.host, url: parsed.href }
}
