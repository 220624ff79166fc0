import type { Api } from '#lib/chatkit/client/api.ts'
import { ApiError } from '#lib/chatkit/client/api-errors.ts'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { WaitingMessage } from '#lib/chatkit/protocol/thread.ts'
import type { ChatState } from '#lib/chatkit-element/chat-state.ts'
import type { Composer } from '#lib/chatkit-element/composer/composer.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { type Outgoing, toOutgoing } from '#lib/chatkit-element/message/outgoing.ts'
import type { Sending } from '#lib/chatkit-element/message/sending.ts'
import type { Outbox } from '#lib/chatkit-element/session/outbox.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import { isLocal, makeLocalId } from '#lib/chatkit-element/state/view.ts'
import { findMessage } from '#lib/chatkit-element/transport/to-error.ts'

type Answer = { waiting: WaitingMessage[]; message?: UserMessageItem }

/**
 * The messages that are written while an answer runs. The server keeps them and sends each after the
 * answer before it; until then the person can take them back.
 */
export class Waiting {
  readonly #state: Signal<ChatState>
  readonly #api: Api
  readonly #host: Host
  readonly #outbox: Outbox
  readonly #composer: Composer
  /** The request ids of the messages of this page. */
  readonly #own = new Set<string>()

  constructor(state: Signal<ChatState>, api: Api, host: Host, outbox: Outbox, composer: Composer) {
    this.#state = state
    this.#api = api
    this.#host = host
    this.#outbox = outbox
    this.#composer = composer
  }

  /** True if the turn that begins next is for a message of this page. */
  get isNextOwn(): boolean {
    const next = this.#state.value.view.waiting.find(({ message }) => !isLocal(message))?.message.request_id
    return next !== undefined && this.#own.has(next)
  }

  /** Has a message wait for the end of the running answer. Never throws. */
  async add(message: Outgoing): Promise<void> {
    const threadId = this.#threadId()
    if (threadId === null) return this.#composer.restore(message, null)
    const sending = this.#outbox.addWaiting(message, threadId)
    this.#own.add(sending.id)
    this.#state.patch({ announcement: this.#host.strings().waits })
    await this.#store(sending)
  }

  /** Sends a message that is held, or stores one again that did not arrive. Never throws. */
  async send(id: string): Promise<void> {
    const sending = this.#outbox.find(id)
    if (sending) return this.#store(sending)
    await this.#ask('threads.send_waiting', id)
  }

  /** Takes a message back into the composer. Never throws. */
  async takeBack(id: string): Promise<void> {
    const sending = this.#outbox.find(id)
    if (sending) return this.#giveBack(sending)
    const threadId = this.#threadId()
    const taken = await this.#ask('threads.take_back', id)
    if (!taken?.message || threadId === null) return
    const { content, attachments, quoted_text: quotedText } = taken.message
    this.#composer.restore({ content, attachments: attachments as never, ...(quotedText && { quotedText }) }, threadId)
    this.#composer.focus()
  }

  async #store(sending: Sending): Promise<void> {
    const { id, threadId, message } = sending
    const { item, input } = toOutgoing(message, threadId, id)
    this.#show({ message: item, is_held: false })
    try {
      const { waiting } = await this.#api.query<Answer>(
        'threads.wait_message',
        { thread_id: threadId, input },
        undefined,
        { id },
      )
      this.#outbox.remove(id)
      this.#drop(item.id)
      this.#set(waiting, threadId)
    } catch (error) {
      if (!(error instanceof ApiError)) return this.#show({ message: item, is_held: true, note: this.#explain(error) })
      this.#giveBack(sending)
      if (this.#threadId() === threadId) this.#composer.state.patch({ refusal: this.#explain(error) })
    }
  }

  async #ask(operation: string, item_id: string): Promise<Answer | undefined> {
    const thread_id = this.#threadId()
    try {
      const answer = await this.#api.query<Answer>(operation, { thread_id, item_id })
      this.#set(answer.waiting, thread_id)
      return answer
    } catch (error) {
      // It has just been sent: its turn shows it.
      if (error instanceof ApiError && error.status === 404) this.#drop(item_id)
      else this.#composer.state.patch({ refusal: this.#explain(error) })
      return undefined
    }
  }

  #giveBack({ id, threadId, message }: Sending): void {
    this.#outbox.remove(id)
    this.#drop(makeLocalId(id))
    this.#composer.restore(message, threadId)
    this.#composer.focus()
  }

  /** Shows a message of this page until the server has it. */
  #show(one: WaitingMessage): void {
    const { view } = this.#state.value
    const at = view.waiting.findIndex(({ message }) => message.id === one.message.id)
    const waiting = at < 0 ? [...view.waiting, one] : view.waiting.with(at, one)
    if (view.thread?.id === one.message.thread_id) this.#state.patch({ view: { ...view, waiting } })
  }

  #drop(id: string): void {
    const { view } = this.#state.value
    this.#state.patch({ view: { ...view, waiting: view.waiting.filter(({ message }) => message.id !== id) } })
  }

  /** Shows what the server has, but for messages whose turn has begun meanwhile. */
  #set(stored: readonly WaitingMessage[], threadId: string | null): void {
    const { view } = this.#state.value
    if (this.#threadId() !== threadId) return
    const waits = stored.filter(({ message }) => !view.items.some(({ id }) => id === message.id))
    this.#state.patch({
      view: { ...view, waiting: [...waits, ...view.waiting.filter(({ message }) => isLocal(message))] },
    })
  }

  #explain(error: unknown): string {
    return findMessage(error) ?? this.#host.strings().failed
  }

  #threadId(): string | null {
    return this.#state.value.view.thread?.id ?? null
  }
}
