/** Collects text up to a limit (characters). What is beyond it is dropped. */
export class TextSink {
  readonly #max: number
  readonly #pieces: string[] = []
  #length = 0
  isFull = false

  constructor(max: number) {
    this.#max = max
  }

  add(text: string): void {
    if (this.isFull) return
    const room = this.#max - this.#length
    const piece = text.length > room ? text.slice(0, room) : text
    this.#pieces.push(piece)
    this.#length += piece.length
    this.isFull = text.length > room
  }

  /** The text without empty lines at its ends and without several in a row. */
  toString(): string {
    const lines = this.#pieces.join('').split('\n')
    return lines
      .map((line) => line.trimEnd())
      .filter((line, at, all) => line !== '' || all[at - 1] !== '')
      .join('\n')
      .trim()
  }
}
