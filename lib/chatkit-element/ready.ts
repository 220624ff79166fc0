/** The latest moment (ms) at which the element is ready: a background tab renders no frames. */
const HIDDEN_MS = 250

/**
 * Announces that the element is ready: after its second frame, when frameworks have added their
 * listeners. The event is heard once, also by a first listener that is added later. React's
 * StrictMode adds, removes and adds a listener again; a listener that was removed does not count as
 * having heard it.
 */
export class Ready {
  isOver = false
  #heard: boolean
  #begun = false
  #waiting: (AbortSignal | undefined)[] = []
  readonly #announce: () => void

  constructor(heard: boolean, announce: () => void) {
    this.#heard = heard
    this.#announce = announce
  }

  begin(): void {
    if (this.#begun) return
    this.#begun = true
    setTimeout(() => this.#finish(), HIDDEN_MS)
    requestAnimationFrame(() => requestAnimationFrame(() => this.#finish()))
  }

  listen(listener: EventListenerOrEventListenerObject, signal: AbortSignal | undefined): void {
    if (!this.isOver) {
      this.#waiting.push(signal)
      return
    }
    queueMicrotask(() => {
      if (this.#heard || signal?.aborted) return
      this.#heard = true
      const late = new EventTarget()
      late.addEventListener('chatkit.ready', listener)
      late.dispatchEvent(new CustomEvent('chatkit.ready'))
    })
  }

  #finish(): void {
    if (this.isOver) return
    this.isOver = true
    this.#heard ||= this.#waiting.some((signal) => !signal?.aborted)
    this.#waiting = []
    this.#announce()
  }
}
