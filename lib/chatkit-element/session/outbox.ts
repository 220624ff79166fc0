import { newRequestId } from '#lib/chatkit/client/request-id.ts'
import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { type Outgoing, toOutgoing } from '#lib/chatkit-element/message/outgoing.ts'
import type { Sending } from '#lib/chatkit-element/message/sending.ts'
import { makeLocalId } from '#lib/chatkit-element/state/view.ts'

/**
 * The messages that the server has not confirmed. A message stays here until it is confirmed: it is
 * shown whenever its thread is read again, also by a later page if the host keeps drafts. It is
 * sent again under its own id, so that it arrives only once.
 */
export class Outbox {
  readonly #host: Host
  #sending: Sending[] = []
  /** False if the browser did not store the messages, so that they live only as long as the page. */
  #isKept = true

  constructor(host: Host) {
    this.#host = host
  }

  /** Takes over the unsent messages of an earlier page. None of them waits any more. */
  begin(): void {
    this.#sending = (this.#host.drafts()?.unsent() ?? []).map(({ waits: _, ...sending }) => sending)
  }

  add(message: Outgoing, threadId: string | null, replaces?: string): Sending {
    const edit = replaces !== undefined && { replaces }
    const sending = { id: newRequestId(), threadId, isNew: threadId === null, message, ...edit }
    this.#set([...this.#sending, sending])
    return sending
  }

  /** Adds a message that is to be sent after the running answer. */
  addWaiting(message: Outgoing, threadId: string): Sending {
    const sending = { id: newRequestId(), threadId, isNew: false, message, waits: true }
    this.#set([...this.#sending, sending])
    return sending
  }

  find(itemId: string): Sending | undefined {
    return this.#sending.find(({ id }) => makeLocalId(id) === itemId)
  }

  /** What to tell the person if a message is unsent and not stored; null if it is safe. */
  findLossWarning(id: string): string | null {
    const isUnsafe = !this.#isKept && this.#sending.some((sending) => sending.id === id)
    return isUnsafe ? this.#host.strings().unsentNotKept : null
  }

  /** Notes that the new chat of this message has become a thread. */
  adopt(id: string | null, threadId: string): void {
    this.#set(this.#sending.map((sending) => (sending.id === id ? { ...sending, threadId } : sending)))
  }

  /** Removes a message that has arrived, or that has gone back to the composer. */
  remove(id: string | undefined): void {
    if (this.#sending.some((sending) => sending.id === id))
      this.#set(this.#sending.filter((sending) => sending.id !== id))
  }

  /**
   * The unsent messages to show in a thread, or in the new chat (null). Messages among `items` have
   * arrived and are removed.
   */
  unsentIn(threadId: string | null, items: readonly ThreadItem[] = []): UserMessageItem[] {
    for (const { id } of this.#sending)
      if (items.some((item) => item.type === 'user_message' && item.request_id === id)) this.remove(id)
    return this.#sending.filter((sending) => sending.threadId === threadId && !sending.waits).map(itemOf)
  }

  /** The thread does not exist: its unsent messages will begin a new one. */
  release(threadId: string): void {
    this.#set(
      this.#sending.map((sending) =>
        sending.threadId === threadId ? { ...sending, threadId: null, isNew: true } : sending,
      ),
    )
  }

  /** The person has deleted the thread, and with it its unsent messages. */
  forget(threadId: string): void {
    this.#set(this.#sending.filter((sending) => sending.threadId !== threadId))
  }

  #set(sending: Sending[]): void {
    const gone = this.#sending.filter(({ id }) => !sending.some((one) => one.id === id)).map(({ id }) => id)
    this.#sending = sending
    this.#isKept = this.#host.drafts()?.keepUnsent(sending, gone) ?? true
  }
}

/** The message as it is shown until the server confirms it. */
function itemOf({ id, threadId, message }: Sending): UserMessageItem {
  return toOutgoing(message, threadId, id).item
}
