import type { Api } from '#lib/chatkit/client/api.ts'
import { ApiError } from '#lib/chatkit/client/api-errors.ts'
import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { WireThread } from '#lib/chatkit/protocol/thread.ts'
import type { ChatState } from '#lib/chatkit-element/chat-state.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import type { Outbox } from '#lib/chatkit-element/session/outbox.ts'
import { readOlder, readThread } from '#lib/chatkit-element/session/read-thread.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import { toCaughtUpView, toLoadedView, withEarlierItems } from '#lib/chatkit-element/state/read-view.ts'
import type { ThreadView } from '#lib/chatkit-element/state/view.ts'
import { findMessage, toError } from '#lib/chatkit-element/transport/to-error.ts'

/** Reads the thread on the screen from the server into the state. */
export class Reader {
  readonly #state: Signal<ChatState>
  readonly #api: Api
  readonly #host: Host
  readonly #outbox: Outbox

  constructor(state: Signal<ChatState>, api: Api, host: Host, outbox: Outbox) {
    this.#outbox = outbox
    this.#state = state
    this.#api = api
    this.#host = host
  }

  /** Reads a thread that has just been opened. Never throws: errors are shown and emitted. */
  async open(threadId: string, signal: AbortSignal): Promise<void> {
    this.#host.emit('chatkit.thread.load.start', { threadId })
    try {
      await this.read(signal)
    } catch (error) {
      if (signal.aborted) return
      // A missing thread becomes the new-chat screen. After any other error a retry may work.
      const gone = error instanceof ApiError && error.status === 404
      if (gone) this.#outbox.release(threadId)
      const { view } = this.#state.value
      this.#state.patch({
        view: {
          ...view,
          thread: gone ? null : view.thread,
          failure: { message: findMessage(error), retry: gone ? null : 'load' },
        },
      })
      this.#host.emit('chatkit.error', { error: toError(error) })
      if (gone) this.#host.emit('chatkit.thread.change', { threadId: null })
    } finally {
      if (!signal.aborted) {
        this.#state.patch({ phase: 'idle' })
        this.#host.emit('chatkit.thread.load.end', { threadId })
      }
    }
  }

  /** Reads the thread as the server has it now. Throws what `Api.query` throws. */
  async read(signal: AbortSignal): Promise<void> {
    const threadId = this.#threadId()
    if (!threadId) return
    const { thread, items, older } = await readThread(this.#api, threadId, signal)
    if (!signal.aborted && this.#threadId() === threadId)
      this.#state.patch({ view: toLoadedView(thread, items, this.#unsent(thread, items)), older })
  }

  /**
   * Brings in what has changed elsewhere; unchanged items keep their identity. `toKnown` takes what
   * is known to be gone out of the view. Throws what `Api.query` throws.
   */
  async catchUp(signal: AbortSignal, toKnown = (view: ThreadView) => view): Promise<void> {
    const threadId = this.#threadId()
    if (!threadId) return
    const { thread, items, older } = await readThread(this.#api, threadId, signal)
    if (signal.aborted || this.#threadId() !== threadId) return
    const { view, joins } = toCaughtUpView(toKnown(this.#state.value.view), thread, items, this.#unsent(thread, items))
    this.#state.patch({ view, ...(!joins && { older }) })
  }

  /** Reads the messages before the first one shown. Throws what `Api.query` throws. */
  async readOlder(): Promise<void> {
    const { older, loadingOlder } = this.#state.value
    const threadId = this.#threadId()
    if (!older || loadingOlder || !threadId) return
    this.#state.patch({ loadingOlder: true })
    try {
      const page = await readOlder(this.#api, threadId, older)
      const { view } = this.#state.value
      if (view.thread?.id === threadId)
        this.#state.patch({ view: withEarlierItems(view, page.items), older: page.older })
    } finally {
      this.#state.patch({ loadingOlder: false })
    }
  }

  #unsent(thread: WireThread, items: readonly ThreadItem[]): UserMessageItem[] {
    const stored = [...items, ...(thread.waiting ?? []).map(({ message }) => message)]
    return this.#outbox.unsentIn(thread.id, stored)
  }

  #threadId(): string | null {
    return this.#state.value.view.thread?.id ?? null
  }
}
