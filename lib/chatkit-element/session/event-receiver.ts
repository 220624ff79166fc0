import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ClientToolCallItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { WireThread } from '#lib/chatkit/protocol/thread.ts'
import type { ChatState } from '#lib/chatkit-element/chat-state.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { FrameQueue } from '#lib/chatkit-element/session/frame-queue.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import { applyEvent } from '#lib/chatkit-element/state/reducer.ts'

export type ReceiverHooks = {
  /** Called when the new chat has become a thread. */
  onCreated: (thread: WireThread) => void
  /** Called when the server has a message of the person. */
  onMessage: (message: UserMessageItem) => void
}

/**
 * Takes in the events of a turn: shows them frame by frame, and passes on what is for the page.
 */
export class EventReceiver {
  readonly #queue: FrameQueue<ThreadStreamEvent>
  readonly #host: Host
  readonly #hooks: ReceiverHooks
  readonly #answered = new Set<string>()
  #calls: ClientToolCallItem[] = []
  #isOwn = true

  constructor(state: Signal<ChatState>, host: Host, hooks: ReceiverHooks) {
    this.#host = host
    this.#hooks = hooks
    this.#queue = new FrameQueue((events) => state.patch({ view: events.reduce(applyEvent, state.value.view) }))
  }

  /**
   * A turn begins. Effects and client tools of a turn that is not this page's own are left to the
   * page that asked for it, so that they happen once.
   */
  begin(isOwn: boolean): void {
    this.#isOwn = isOwn
    this.#calls = []
  }

  receive(event: ThreadStreamEvent): void {
    this.show(event)
    if (event.type === 'thread.created') {
      this.flush()
      this.#hooks.onCreated(event.thread)
    } else if (event.type === 'client_effect' && this.#isOwn) {
      this.flush()
      this.#host.emit('chatkit.effect', { name: event.name, data: event.data })
    } else if (event.type === 'thread.item.done') {
      const { item } = event
      if (item.type === 'user_message') this.#hooks.onMessage(item)
      if (item.type === 'client_tool_call' && item.status === 'pending' && this.#isOwn)
        this.#calls = [...this.#calls.filter(({ id }) => id !== item.id), item]
    }
  }

  /** Shows an event with the next frame. */
  show(event: ThreadStreamEvent): void {
    this.#queue.push(event)
  }

  /** Shows the waiting events now. */
  flush(): void {
    this.#queue.flush()
  }

  /** Discards the waiting events. */
  clear(): void {
    this.#queue.clear()
  }

  /** Takes the next client tool call that the page has not answered. */
  takeCall(): ClientToolCallItem | undefined {
    const call = this.#calls.find(({ id }) => !this.#answered.has(id))
    if (call) this.#answered.add(call.id)
    return call
  }
}
