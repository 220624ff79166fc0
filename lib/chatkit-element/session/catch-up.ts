import type { ApiError } from '#lib/chatkit/client/api-errors.ts'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import type { Composer } from '#lib/chatkit-element/composer/composer.ts'
import type { OtherWindows } from '#lib/chatkit-element/session/other-windows.ts'
import type { Reader } from '#lib/chatkit-element/session/reader.ts'
import { subscribeToReturn } from '#lib/chatkit-element/session/subscribe-to-return.ts'
import type { Turns } from '#lib/chatkit-element/session/turns.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import type { Failure } from '#lib/chatkit-element/state/view.ts'

/**
 * Brings in what other windows and devices have written to the thread, without polling: when the
 * person returns, when another window says so, and when the server refuses a request because the
 * thread has changed.
 */
export class CatchUp {
  readonly #state: Signal<ChatState>
  readonly #turns: Turns
  readonly #reader: Reader
  readonly #composer: Composer
  #isLooking = false
  /** True if another window has changed the thread since the last look. */
  #isDue = false

  constructor(state: Signal<ChatState>, turns: Turns, reader: Reader, composer: Composer) {
    this.#state = state
    this.#turns = turns
    this.#reader = reader
    this.#composer = composer
  }

  /**
   * Looks when the person returns, and when another window of this browser changes the thread.
   * Returns an unsubscribe function.
   */
  watch(others: OtherWindows): () => void {
    const stopReturns = subscribeToReturn(() => void this.look())
    const stopOthers = others.subscribe((threadId) => {
      // A hidden window looks when the person returns to it.
      this.#isDue ||= threadId === this.#state.value.view.thread?.id && !document.hidden
      this.#lookIfDue()
    })
    const stopWaiting = this.#state.subscribe(() => this.#lookIfDue())
    return () => {
      stopReturns()
      stopOthers()
      stopWaiting()
    }
  }

  /** A change that is told in the middle of an answer or of a look waits for its end. */
  #lookIfDue(): void {
    if (this.#isDue) void this.look()
  }

  /**
   * Reads what is new, and follows the running answer to its end if there is one. Never throws.
   * Only one look at a time.
   */
  async look(onFound?: () => void): Promise<void> {
    if (this.#isLooking || this.#state.value.phase !== 'idle') return
    this.#isLooking = true
    this.#isDue = false
    try {
      await this.#turns.attach({ read: (signal) => this.#reader.catchUp(signal), onFound, isReturn: true })
    } finally {
      this.#isLooking = false
    }
    this.#lookIfDue()
  }

  /**
   * After a 409: shows the thread's current state. The reason stays visible while a running answer
   * causes it. `again` is offered if no answer is running and the thread is active.
   */
  async conflict({ message }: ApiError, again: Failure['retry']): Promise<void> {
    const threadId = this.#state.value.view.thread?.id
    let found = false
    await this.look(() => {
      found = true
      this.#composer.state.patch({ refusal: message })
    })
    const { view } = this.#state.value
    if (found && this.#composer.state.value.refusal === message) this.#composer.state.patch({ refusal: '' })
    if (found || isBusy(this.#state.value) || view.thread?.id !== threadId) return
    const retry = view.thread?.status.type === 'active' ? again : null
    this.#state.patch({ view: { ...view, failure: { message, retry } } })
  }
}
