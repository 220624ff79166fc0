/** The largest conversation (bytes of JSON) that is read. */
const ENTRY_MAX_BYTES = 20_000_000
/** What is kept of an entry that is too large, for its title. */
const HEAD_BYTES = 4_000

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [...'"\\[]{}'].map((sign) => sign.charCodeAt(0))

/** One entry of a JSON file: its text, or with a problem its beginning. */
export type JsonEntry = { text: string; problem?: 'too_large' | 'cut_off' }

/**
 * Cuts a JSON file into the entries of its outermost list, or takes its outermost object as the one
 * entry, while it arrives. It holds one entry at a time, and never one larger than 20 MB: so a file of any size
 * takes little memory, and a bad entry costs only itself. A library's parser would build what is too large, and end at
 * the first mistake.
 */
export class JsonEntries {
  readonly #max: number
  #depth = 0
  /** The depth at which an entry begins: 1 within a list. Undefined before the file's first sign. */
  #level: number | undefined
  #isText = false
  #isEscaped = false
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(max = ENTRY_MAX_BYTES) {
    this.#max = max
  }

  /** Takes the next bytes, and returns the entries that end in them. */
  feed(bytes: Uint8Array): JsonEntry[] {
    const ended: JsonEntry[] = []
    let start = this.#isInside() ? 0 : -1
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] as number
      if (this.#isText) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (byte === BACKSLASH) this.#isEscaped = true
        else if (byte === QUOTE) this.#isText = false
        continue
      }
      if (byte === QUOTE) this.#isText = true
      else if (byte === OPEN || byte === OPEN_LIST) {
        this.#level ??= byte === OPEN_LIST ? 1 : 0
        if (byte === OPEN && this.#depth === this.#level) start = at
        this.#depth += 1
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        this.#depth = Math.max(0, this.#depth - 1)
        if (start >= 0 && this.#depth === this.#level) {
          this.#keep(bytes.subarray(start, at + 1))
          ended.push(this.#take())
          start = -1
        }
      }
    }
    if (start >= 0) this.#keep(bytes.subarray(start))
    return ended
  }

  /** Returns the entry in which the file ends. */
  end(): JsonEntry[] {
    return this.#size > 0 ? [{ ...this.#take(), problem: 'cut_off' }] : []
  }

  #isInside(): boolean {
    return this.#size > 0
  }

  #keep(piece: Uint8Array): void {
    const room = this.#size <= this.#max ? piece : new Uint8Array()
    this.#size += piece.length
    if (this.#size > this.#max) {
      // Only the title is of use.
      const head = Buffer.concat([...this.#pieces, room]).subarray(0, HEAD_BYTES)
      this.#pieces = [Uint8Array.from(head)]
    } else this.#pieces.push(Uint8Array.from(piece))
  }

  #take(): JsonEntry {
    const text = Buffer.concat(this.#pieces).toString('utf8')
    const isTooLarge = this.#size > this.#max
    this.#pieces = []
    this.#size = 0
    return { text, ...(isTooLarge && { problem: 'too_large' as const }) }
  }
}
