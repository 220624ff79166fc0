/** A tab in the background draws no frames; its events are handed on this often instead. */
const HIDDEN_MS = 100

/** Collects what arrives between two frames and hands it on at once, in order: a hundred deltas cost one drawing. */
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

  /** Forgets what is waiting. */
  clear(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#waiting = []
  }

  /** Hands on what is waiting, now. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = null
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length) this.#deliver(batch)
  }
}
