import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import type { Composer } from '#lib/chatkit-element/composer/composer.ts'
import { type Outgoing, toOutgoing } from '#lib/chatkit-element/message/outgoing.ts'
import type { Sending } from '#lib/chatkit-element/message/sending.ts'
import type { Outbox } from '#lib/chatkit-element/session/outbox.ts'
import type { Turns } from '#lib/chatkit-element/session/turns.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import { addLocalMessage, dropFrom, dropMessage } from '#lib/chatkit-element/state/reducer.ts'
import { isLocal, makeLocalId } from '#lib/chatkit-element/state/view.ts'
import { isPassing } from '#lib/chatkit-element/transport/refusal-notice.ts'

/**
 * Sends messages. A message that the server has not confirmed stays visible and can be sent again
 * under the same id.
 */
export class Sender {
  readonly #state: Signal<ChatState>
  readonly #turns: Turns
  readonly #outbox: Outbox
  readonly #composer: Composer
  readonly #onRefusal: (refusal: unknown) => Promise<void>
  /** The id of the request that is under way. */
  #current: string | null = null

  /** `onRefusal` is called with the error when a message goes back to the composer. */
  constructor(
    state: Signal<ChatState>,
    turns: Turns,
    outbox: Outbox,
    composer: Composer,
    onRefusal: (refusal: unknown) => Promise<void>,
  ) {
    this.#state = state
    this.#turns = turns
    this.#outbox = outbox
    this.#composer = composer
    this.#onRefusal = onRefusal
  }

  /** Sends to the thread on the screen, or begins a new one. Never throws. */
  send(message: Outgoing): Promise<void> {
    return this.#send(this.#outbox.add(message, this.#state.value.view.thread?.id ?? null))
  }

  /** Sends an edited message in the place of another one. A running answer is stopped first. Never throws. */
  async edit(itemId: string, message: Outgoing): Promise<void> {
    if (isBusy(this.#state.value)) await this.#turns.stop()
    await this.#state.until((state) => !isBusy(state))
    const threadId = this.#state.value.view.thread?.id
    if (threadId !== undefined) await this.#send(this.#outbox.add(message, threadId, itemId))
  }

  /** Puts the person's last message into the empty composer. False if there is none. */
  recall(): boolean {
    const last = this.#state.value.view.items.findLast((item) => item.type === 'user_message')
    if (last?.type !== 'user_message' || last.content.length === 0) return false
    this.#composer.setContent(last.content)
    const { text } = this.#composer.state.value
    this.#composer.write(text, text.length)
    return true
  }

  async sendAgain(itemId = this.#state.value.view.items.findLast(isLocal)?.id): Promise<void> {
    const sending = itemId === undefined ? undefined : this.#outbox.find(itemId)
    if (sending && this.#state.value.phase === 'idle') await this.#send(sending)
  }

  takeBack(itemId: string): void {
    const sending = this.#outbox.find(itemId)
    if (!sending || isBusy(this.#state.value)) return
    this.#giveBack(sending)
    this.#state.patch({ view: { ...this.#state.value.view, failure: null } })
    this.#composer.focus()
  }

  /** The new chat has become a thread, which now shows the message that began it. */
  noteThread(threadId: string): void {
    this.#outbox.adopt(this.#current, threadId)
  }

  /**
   * Notes that the server has a message. If the server sends no request id, the request under way
   * is meant.
   */
  noteArrival({ request_id: id = this.#current ?? undefined }: UserMessageItem): void {
    this.#outbox.remove(id)
  }

  async #send(sending: Sending): Promise<void> {
    const { id, threadId, isNew, message, replaces } = sending
    const { item, input } = toOutgoing(message, threadId, id)
    const before = this.#state.value.view
    this.#state.patch({ view: addLocalMessage(replaces === undefined ? before : dropFrom(before, replaces), item) })
    this.#current = id
    const refusal = isNew
      ? await this.#turns.run('threads.create', { input }, { again: 'unsent', id })
      : await this.#turns.run(
          'threads.add_user_message',
          { thread_id: threadId, input, ...(replaces !== undefined && { replaces }) },
          { again: 'unsent', id },
        )
    if (this.#current === id) this.#current = null
    // A message that may succeed unchanged stays in the thread; any other goes back to the composer
    // to be edited.
    if (!refusal || isPassing(refusal)) {
      const warning = this.#outbox.findLossWarning(id)
      if (warning) this.#composer.state.patch({ refusal: warning })
      return
    }
    this.#giveBack(sending)
    if (replaces !== undefined) this.#state.patch({ view: { ...before, failure: this.#state.value.view.failure } })
    await this.#onRefusal(refusal)
  }

  #giveBack({ id, threadId, message }: Sending): void {
    this.#outbox.remove(id)
    this.#composer.restore(message, threadId)
    this.#state.patch({ view: dropMessage(this.#state.value.view, makeLocalId(id)) })
  }
}
