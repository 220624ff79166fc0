import type { Api } from '#lib/chatkit/client/api.ts'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import type { CatchUp } from '#lib/chatkit-element/session/catch-up.ts'
import type { Reader } from '#lib/chatkit-element/session/reader.ts'
import type { Turns } from '#lib/chatkit-element/session/turns.ts'
import type { Waiting } from '#lib/chatkit-element/session/waiting.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import { goesOn } from '#lib/chatkit-element/state/goes-on.ts'
import { isLocal } from '#lib/chatkit-element/state/view.ts'

/** How long (ms) to wait before the server is asked again after its stream ended. */
const AGAIN_MS = 2_000

/**
 * Follows what goes on after an answer has ended, while a person may read and write: shows how far
 * tools are, and the answers that begin by themselves, to a tool's result or to a message that waits.
 */
export class BackgroundWatch {
  readonly #state: Signal<ChatState>
  readonly #api: Api
  readonly #turns: Turns
  readonly #catchUp: CatchUp
  readonly #waiting: Waiting
  readonly #reader: Reader
  readonly #onError: (error: unknown) => void
  #isWatching = false
  #isOver = false

  constructor(
    state: Signal<ChatState>,
    api: Api,
    turns: Turns,
    { catchUp, reader, waiting }: { catchUp: CatchUp; reader: Reader; waiting: Waiting },
    onError: (error: unknown) => void,
  ) {
    this.#state = state
    this.#api = api
    this.#turns = turns
    this.#catchUp = catchUp
    this.#reader = reader
    this.#waiting = waiting
    this.#onError = onError
  }

  /** Watches whenever a tool goes on in the thread on the screen. Returns an unsubscribe function. */
  watch(): () => void {
    this.#isOver = false
    const stop = this.#state.subscribe(() => void this.#follow())
    return () => {
      this.#isOver = true
      stop()
    }
  }

  /** Ends the tools that go on in the thread, and shows how they ended. Never throws. */
  async stop(): Promise<void> {
    const { thread } = this.#state.value.view
    if (!thread) return
    try {
      await this.#api.query('threads.stop', { thread_id: thread.id })
      await this.#catchUp.look()
    } catch (error) {
      this.#onError(error)
    }
  }

  /** One at a time. Never throws. */
  async #follow(): Promise<void> {
    if (this.#isWatching || !this.#mayWatch()) return
    this.#isWatching = true
    try {
      while (this.#mayWatch()) {
        // An answer to a message may have ended before it was looked for.
        const read = this.#hasWaiting() ? (signal: AbortSignal) => this.#reader.catchUp(signal) : undefined
        await this.#turns.attach({ wait: true, isReturn: !this.#waiting.isNextOwn, read })
        if (!this.#mayWatch()) return
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
        await this.#catchUp.look()
      }
    } finally {
      this.#isWatching = false
    }
  }

  #mayWatch(): boolean {
    const { value } = this.#state
    return (
      !this.#isOver && !isBusy(value) && value.phase === 'idle' && (value.view.items.some(goesOn) || this.#hasWaiting())
    )
  }

  #hasWaiting(): boolean {
    // Nothing overtakes a message that is held.
    const next = this.#state.value.view.waiting.find(({ message }) => !isLocal(message))
    return next !== undefined && !next.is_held
  }
}
