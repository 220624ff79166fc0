/** A background tab renders no frames; its entries are delivered after this time (ms) instead. */
const HIDDEN_MS = 100

/**
 * Collects entries between two frames and delivers them together, in order, so that a hundred
 * deltas cost one render.
 */
export class FrameQueue<T> {
  #waiting: T[] = []
  #cancel: (() => void) | null = null
  readonly #deliver: (batch: T[]) => void

  constructor(deliver: (batch: T[]) => void) {
    this.#deliver = deliver
  }

  push(entry: T): void {
    this.#waiting.push(entry)
    if (this.#cancel) return
    if (document.hidden) {
      const timer = setTimeout(() => this.flush(), HIDDEN_MS)
      this.#cancel = () => clearTimeout(timer)
    } else {
      const frame = requestAnimationFrame(() => this.flush())
      this.#cancel = () => cancelAnimationFrame(frame)
    }
  }

  /** Discards the waiting entries. */
  clear(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#waiting = []
  }

  /** Delivers the waiting entries now. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = null
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length) this.#deliver(batch)
  }
}
