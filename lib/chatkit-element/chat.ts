import { Api } from '#lib/chatkit/client/api.ts'
import { ApiError } from '#lib/chatkit/client/api-errors.ts'
import { type ChatState, initialState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import { Composer } from '#lib/chatkit-element/composer/composer.ts'
import { Dictation } from '#lib/chatkit-element/composer/dictation.ts'
import { DraftFiles } from '#lib/chatkit-element/composer/draft-files.ts'
import { listOwnCommands } from '#lib/chatkit-element/composer/own-commands.ts'
import { Suggestions } from '#lib/chatkit-element/composer/suggestions.ts'
import { History } from '#lib/chatkit-element/history/history.ts'
import { findEndpoint, type Host } from '#lib/chatkit-element/host.ts'
import type { Outgoing } from '#lib/chatkit-element/message/outgoing.ts'
import { BackgroundWatch } from '#lib/chatkit-element/session/background-watch.ts'
import { CatchUp } from '#lib/chatkit-element/session/catch-up.ts'
import { ItemActions } from '#lib/chatkit-element/session/item-actions.ts'
import { OtherWindows } from '#lib/chatkit-element/session/other-windows.ts'
import { Outbox } from '#lib/chatkit-element/session/outbox.ts'
import { Reader } from '#lib/chatkit-element/session/reader.ts'
import { Sender } from '#lib/chatkit-element/session/sender.ts'
import { Turns } from '#lib/chatkit-element/session/turns.ts'
import { Waiting } from '#lib/chatkit-element/session/waiting.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'
import { dropAfter, withOutcome } from '#lib/chatkit-element/state/reducer.ts'
import { emptyView, type Failure, isLocal } from '#lib/chatkit-element/state/view.ts'
import { findMessage, toError } from '#lib/chatkit-element/transport/to-error.ts'

/**
 * One conversation at a time: loads it, sends messages to it, and keeps the view in step with the
 * server.
 */
export class Chat {
  readonly state = new Signal<ChatState>(initialState)
  readonly history: History
  readonly composer: Composer
  readonly files: DraftFiles
  readonly dictation: Dictation
  readonly suggestions: Suggestions
  readonly sender: Sender
  readonly actions: ItemActions
  readonly waiting: Waiting
  readonly #otherWindows = new OtherWindows()
  readonly #host: Host
  readonly #api: Api
  readonly #outbox: Outbox
  readonly #turns: Turns
  readonly #reader: Reader
  readonly #catchUp: CatchUp
  readonly background: BackgroundWatch
  #load: AbortController | null = null
  #loaded: Promise<void> = Promise.resolve()

  constructor(host: Host) {
    this.#host = host
    this.#api = new Api(() => ({ ...findEndpoint(host), locale: host.locale(), strings: host.strings() }))
    this.history = new History(this.#api, host)
    this.composer = new Composer(host)
    this.files = new DraftFiles(this.composer, this.#api, host)
    this.dictation = new Dictation(this.composer, this.#api, host)
    this.suggestions = new Suggestions(this.composer, host, () => listOwnCommands(this.composer, this.files, host))
    this.#outbox = new Outbox(host)
    this.#reader = new Reader(this.state, this.#api, host, this.#outbox)
    this.#turns = new Turns(this.state, this.#api, host, {
      onCreated: (thread) => {
        this.composer.adopt(thread.id)
        this.sender.noteThread(thread.id)
        this.history.add(thread)
      },
      onAccepted: (threadId) => this.#otherWindows.tell(threadId),
      onMessage: (message) => this.sender.noteArrival(message),
      reload: (signal) => this.#reader.read(signal),
    })
    this.state.subscribe(() => this.history.follow(this.state.value.view.thread))
    this.#catchUp = new CatchUp(this.state, this.#turns, this.#reader, this.composer)
    this.waiting = new Waiting(this.state, this.#api, host, this.#outbox, this.composer)
    const by = { catchUp: this.#catchUp, reader: this.#reader, waiting: this.waiting }
    this.background = new BackgroundWatch(this.state, this.#api, this.#turns, by, (error) => this.report(error))
    this.sender = new Sender(this.state, this.#turns, this.#outbox, this.composer, (refusal) =>
      this.#meet(refusal, 'draft'),
    )
    this.actions = new ItemActions(this.state, this.#api, host, this.#turns, {
      untilLoaded: () => this.#loaded,
      onRefusal: (refusal) => this.#meet(refusal),
      readAgain: (toKnown) => this.#reader.catchUp(new AbortController().signal, toKnown),
      onChanged: (threadId) => this.#otherWindows.tell(threadId),
      onError: (error) => this.report(error),
    })
  }

  /** Emits an event of the element to the page. */
  get emit(): Host['emit'] {
    return this.#host.emit
  }

  get threadId(): string | null {
    return this.state.value.view.thread?.id ?? null
  }

  /**
   * Shows a thread, or an empty new chat for null. A running answer of the previous thread goes on
   * at the server.
   */
  async open(threadId: string | null): Promise<void> {
    const before = this.threadId
    this.#leave()
    this.composer.switchTo(threadId)
    if (threadId === null) {
      this.#showNew()
      if (before !== null) this.#host.emit('chatkit.thread.change', { threadId: null })
      return
    }
    const load = new AbortController()
    this.#load = load
    const head = this.history.find(threadId)
    const items = this.#outbox.unsentIn(threadId)
    const view = {
      ...emptyView,
      items,
      thread: { id: threadId, status: { type: 'active' as const }, ...(head?.title && { title: head.title }) },
    }
    this.state.set({ ...initialState, phase: 'loading', view })
    if (before !== threadId) this.#host.emit('chatkit.thread.change', { threadId })
    this.#loaded = this.#reader.open(threadId, load.signal)
    await this.#loaded
    if (load.signal.aborted || this.threadId !== threadId) return
    // An answer may have ended between reading the thread and looking for a running answer.
    const isAnswered = this.state.value.view.items.at(-1)?.type === 'assistant_message'
    void this.#turns.attach(isAnswered ? {} : { read: (signal) => this.#reader.catchUp(signal) })
  }

  /**
   * Sends a message. Throws if the chat cannot take one now; later failures are shown, not thrown.
   */
  async send(message: Outgoing): Promise<void> {
    await this.#loaded
    if (isBusy(this.state.value)) throw new Error('A message cannot be sent while an answer is being written.')
    const { thread } = this.state.value.view
    if (thread && thread.status.type !== 'active')
      throw new Error(thread.status.reason ?? this.#host.strings().lockedThread)
    await this.sender.send(message)
  }

  /** Shows what an earlier page kept: a draft, and messages that were not sent. */
  begin(): void {
    this.#outbox.begin()
    this.composer.begin()
    this.#showNew()
  }

  /**
   * Asks again for the answer to a message; everything after the message is removed. An unsent
   * message is sent instead.
   */
  async retry(itemId: string): Promise<void> {
    if (isLocal({ id: itemId })) return this.sender.sendAgain(itemId)
    const thread_id = this.threadId
    if (!thread_id || isBusy(this.state.value)) return
    const onOpen = () => this.state.patch({ view: withOutcome(dropAfter(this.state.value.view, itemId), undefined) })
    await this.#meet(
      await this.#turns.run('threads.retry_after_item', { thread_id, item_id: itemId }, { onOpen, again: 'answer' }),
    )
  }

  stop(): Promise<void> {
    return this.#turns.stop()
  }

  /** Watches the page's end, the person's return, other windows. Returns an unsubscribe function. */
  watch(): () => void {
    const stops = [this.#catchUp.watch(this.#otherWindows), this.background.watch(), this.composer.watch()]
    return () => stops.forEach((stop) => void stop())
  }

  /**
   * Reloads the thread after the connection to an answer was lost, and follows the answer if it is
   * still running.
   */
  async reconnect(): Promise<void> {
    const { threadId } = this
    if (threadId) await this.open(threadId)
  }

  /**
   * Reads the thread again, for pages that changed it themselves. Throws while an answer is being
   * written.
   */
  async refresh(): Promise<void> {
    await this.#loaded
    if (isBusy(this.state.value)) throw new Error('The thread cannot be read again while an answer is being written.')
    if (this.threadId) await this.#reader.catchUp(new AbortController().signal)
  }

  loadOlder(): Promise<void> {
    return this.#reader.readOlder().catch((error: unknown) => this.report(error))
  }

  async rename(threadId: string, title: string): Promise<void> {
    await this.history.rename(threadId, title)
    const { view } = this.state.value
    if (view.thread?.id === threadId) this.state.patch({ view: { ...view, thread: { ...view.thread, title } } })
  }

  async remove(threadId: string): Promise<void> {
    await this.history.remove(threadId)
    this.composer.forget(threadId)
    this.#outbox.forget(threadId)
    if (this.threadId === threadId) await this.open(null)
  }

  dismissFailure(): void {
    this.state.patch({ view: { ...this.state.value.view, failure: null } })
  }

  /** Ends every request of the element; answers go on at the server. */
  close(): void {
    this.#leave()
    this.files.close()
    this.composer.keep()
    this.dictation.cancel()
    this.history.close()
  }

  /** After a 409 the thread has changed elsewhere: shows its current state. */
  async #meet(refusal: unknown, again: Failure['retry'] = null): Promise<void> {
    if (refusal instanceof ApiError && refusal.status === 409 && this.threadId)
      await this.#catchUp.conflict(refusal, again)
  }

  /** An empty new chat, with the messages that could not be sent from it. */
  #showNew(): void {
    this.state.set({ ...initialState, view: { ...emptyView, items: this.#outbox.unsentIn(null) } })
  }

  #leave(): void {
    this.#load?.abort()
    this.#turns.detach()
    this.#loaded = Promise.resolve()
  }

  /** Shows an error from outside a turn, and emits it to the page. */
  report(error: unknown): void {
    this.state.patch({ view: { ...this.state.value.view, failure: { message: findMessage(error), retry: null } } })
    this.#host.emit('chatkit.error', { error: toError(error) })
  }
}
