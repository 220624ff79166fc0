import type { Api } from '#lib/chatkit/client/api.ts'
import type { ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import type { Turns } from '#lib/chatkit-element/session/turns.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import { applyEvent, dropFrom, dropTurn } from '#lib/chatkit-element/state/reducer.ts'
import type { ThreadView } from '#lib/chatkit-element/state/view.ts'
import { withPins } from '#lib/chatkit-element/state/with-pins.ts'

/** An action as a widget carries it; only `type` and `payload` go to the server. */
export type WidgetAction = {
  type: string
  payload?: Record<string, unknown>
  handler?: 'server' | 'client'
  streaming?: boolean
  loadingBehavior?: 'auto' | 'none' | 'self' | 'container'
}

type ActionHooks = {
  /** Resolves when the thread on the screen has been read. */
  untilLoaded: () => Promise<void>
  /** Called with what a turn's `run` returns. */
  onRefusal: (refusal: unknown) => Promise<void>
  /** Reads the thread on the screen as it is now. `toKnown` takes what is gone out of the view. */
  readAgain: (toKnown: (view: ThreadView) => ThreadView) => Promise<void>
  /** Called when the server has changed the thread. */
  onChanged: (threadId: string) => void
  onError: (error: unknown) => void
}

/** What a person does with the items of a thread: widget actions, forms, feedback, versions. */
export class ItemActions {
  readonly #state: Signal<ChatState>
  readonly #api: Api
  readonly #host: Host
  readonly #turns: Turns
  readonly #hooks: ActionHooks

  constructor(state: Signal<ChatState>, api: Api, host: Host, turns: Turns, hooks: ActionHooks) {
    this.#state = state
    this.#api = api
    this.#host = host
    this.#turns = turns
    this.#hooks = hooks
  }

  /** Stores the person's feedback on an answer, and takes it back if the server refuses it. */
  async giveFeedback(key: string, itemIds: string[], kind: 'positive' | 'negative'): Promise<void> {
    const thread_id = this.#threadId()
    if (!thread_id) return
    const before = this.#state.value.feedback
    this.#state.patch({ feedback: new Map(before).set(key, kind), announcement: this.#host.strings().feedbackThanks })
    try {
      await this.#api.query('items.feedback', { thread_id, item_ids: itemIds, kind })
    } catch (error) {
      this.#state.patch({ feedback: before, announcement: '' })
      this.#hooks.onError(error)
    }
  }

  /**
   * Routes an action to the page, or to the server with or without a streamed answer (protocol
   * section 1.12).
   */
  async act(action: WidgetAction, item: WidgetItem | { id: string } | null): Promise<void> {
    const { type, payload } = action
    const bare = { type, ...(payload && { payload }) }
    if (action.handler === 'client') {
      if (!item || !('widget' in item)) return
      await this.#host.options().widgets?.onAction?.(bare, { id: item.id, widget: item.widget as never })
      return
    }
    await this.#hooks.untilLoaded()
    const thread_id = this.#threadId()
    if (!thread_id) throw new Error('An action needs a thread; send a message first.')
    const params = { thread_id, ...(item && { item_id: item.id }), action: bare }
    if (action.streaming !== false) {
      if (isBusy(this.#state.value)) throw new Error('This action has to wait for the end of the answer.')
      return this.#hooks.onRefusal(await this.#turns.run('threads.custom_action', params))
    }
    try {
      const { updated_item } = await this.#api.query<{ updated_item?: ThreadItem }>(
        'threads.sync_custom_action',
        params,
      )
      if (updated_item)
        this.#state.patch({
          view: applyEvent(this.#state.value.view, { type: 'thread.item.replaced', item: updated_item }),
        })
      this.#hooks.onChanged(thread_id)
    } catch (error) {
      this.#hooks.onError(error)
    }
  }

  /** Sends what the person entered into a form of the assistant. */
  async answerInput(itemId: string, input: object): Promise<void> {
    const thread_id = this.#threadId()
    if (!thread_id || isBusy(this.#state.value)) return
    await this.#hooks.onRefusal(
      await this.#turns.run('threads.add_structured_input', { thread_id, item_id: itemId, input }),
    )
  }

  /**
   * Keeps messages in the context, or no longer. Never throws: the person is told why it was refused.
   */
  async pin(itemIds: string[], pinned: boolean): Promise<void> {
    const thread_id = this.#threadId()
    if (!thread_id) return
    try {
      await this.#api.query('items.pin', { thread_id, item_ids: itemIds, pinned })
      const { view } = this.#state.value
      if (view.thread?.id !== thread_id) return
      const strings = this.#host.strings()
      this.#state.patch({
        view: withPins(view, itemIds, pinned),
        announcement: pinned ? strings.pinned : strings.unpinned,
      })
      this.#hooks.onChanged(thread_id)
    } catch (error) {
      this.#hooks.onError(error)
    }
  }

  /** Shows another of the ways on from a place of the thread. Never throws. */
  chooseBranch(branchId: string): Promise<void> {
    const fork = this.#state.value.view.forks.find(({ branches }) => branches.includes(branchId))
    return this.#change('threads.choose_branch', { branch_id: branchId }, (view) => dropFrom(view, fork?.item_id ?? ''))
  }

  /** Deletes a message with every version of its answer. Never throws. */
  deleteTurn(itemId: string): Promise<void> {
    return this.#change('threads.delete_turn', { item_id: itemId }, (view) => dropTurn(view, itemId))
  }

  async #change(operation: string, params: object, toKnown: (view: ThreadView) => ThreadView): Promise<void> {
    const thread_id = this.#threadId()
    if (!thread_id || isBusy(this.#state.value)) return
    try {
      await this.#api.query(operation, { thread_id, ...params })
      this.#hooks.onChanged(thread_id)
      await this.#hooks.readAgain(toKnown)
    } catch (error) {
      this.#hooks.onError(error)
    }
  }

  #threadId(): string | null {
    return this.#state.value.view.thread?.id ?? null
  }
}
