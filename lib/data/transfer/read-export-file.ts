import { setImmediate as nextTurn } from 'node:timers/promises'
import { Unzip, type UnzipFile, UnzipInflate } from 'fflate'
import { JsonEntries, type JsonEntry } from '#lib/data/transfer/json-entries.ts'
import { AppError } from '#lib/platform/errors.ts'

/** The most (bytes) that a file may unpack to. */
const UNPACKED_MAX_BYTES = 400_000_000
/** How much (bytes) is unpacked at once: at most a thousand times as much comes out. */
const STEP_BYTES = 8_192
/** The files of an archive with conversations, in whatever folder. */
const WANTED = /(^|\/)conversations(-\d+)?\.json$/i
const ZIP = [0x50, 0x4b]

/**
 * Yields the conversations in a JSON file, or in the archive that ChatGPT sends, while it arrives.
 * Nothing else in an archive is unpacked. Throws too_large if more than 400 MB come out, and bad_request
 * for a file that is neither.
 */
export async function* readExportFile(
  chunks: AsyncIterable<Uint8Array>,
  unpackedMax = UNPACKED_MAX_BYTES,
): AsyncGenerator<JsonEntry> {
  let file: ExportFile | undefined
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue
    file ??=
      chunk[0] === ZIP[0] && (chunk.length === 1 || chunk[1] === ZIP[1])
        ? new ZipFile(unpackedMax)
        : new JsonFile(unpackedMax)
    for (let at = 0; at < chunk.length; at += STEP_BYTES) {
      yield* file.feed(chunk.subarray(at, at + STEP_BYTES))
      await nextTurn()
    }
  }
  if (!file) throw new AppError('bad_request', 'The file is empty.')
  yield* file.end()
}

type ExportFile = { feed(bytes: Uint8Array): JsonEntry[]; end(): JsonEntry[] }

class JsonFile implements ExportFile {
  readonly #max: number
  readonly #entries = new JsonEntries()
  #size = 0

  constructor(max: number) {
    this.#max = max
  }

  feed(bytes: Uint8Array): JsonEntry[] {
    this.#size += bytes.length
    if (this.#size > this.#max) throw tooLarge(this.#max)
    return this.#entries.feed(bytes)
  }

  end(): JsonEntry[] {
    return this.#entries.end()
  }
}

class ZipFile implements ExportFile {
  readonly #max: number
  readonly #unzip = new Unzip((file) => this.#open(file))
  #found: JsonEntry[] = []
  #hasConversations = false
  #size = 0

  constructor(max: number) {
    this.#max = max
    this.#unzip.register(UnzipInflate)
  }

  feed(bytes: Uint8Array): JsonEntry[] {
    this.#push(bytes, false)
    return this.#found.splice(0)
  }

  end(): JsonEntry[] {
    this.#push(new Uint8Array(), true)
    if (!this.#hasConversations)
      throw new AppError(
        'bad_request',
        'There is no conversations.json in this archive. Choose the file that the other program sent you.',
      )
    return this.#found.splice(0)
  }

  #push(bytes: Uint8Array, isLast: boolean): void {
    try {
      this.#unzip.push(bytes, isLast)
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      throw damaged(cause)
    }
  }

  #open(file: UnzipFile): void {
    if (!WANTED.test(file.name)) return
    this.#hasConversations = true
    const entries = new JsonEntries()
    file.ondata = (error, bytes, isLast) => {
      // What is thrown below comes back here.
      if (error) throw (error as Error) instanceof AppError ? error : damaged(error)
      this.#size += bytes.length
      if (this.#size > this.#max) throw tooLarge(this.#max)
      this.#found.push(...entries.feed(bytes), ...(isLast ? entries.end() : []))
    }
    file.start()
  }
}

function tooLarge(max: number): AppError {
  return new AppError('too_large', `The file unpacks to more than ${Math.floor(max / 1_000_000)} MB.`)
}

function damaged(cause: unknown): AppError {
  return new AppError('bad_request', 'The archive is damaged, or locked with a password.', { cause })
}
