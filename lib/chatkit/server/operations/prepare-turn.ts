import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Opening, Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Deps, PreparedTurn } from '#lib/chatkit/server/deps.ts'
import { toWireThread } from '#lib/chatkit/server/operations/wire.ts'
import { type PipedTurn, persistEvents } from '#lib/chatkit/server/pipeline/persist-events.ts'
import { storeOpening } from '#lib/chatkit/server/pipeline/store-opening.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'

/** Produces the events of an answer; undefined if nothing is answered. */
type Answer<Context> = (turn: Omit<Turn, 'input'>, context: Context) => ReturnType<PipedTurn['answer']>

type Plan<State, Context> = {
  /**
   * Reads what the turn needs. Throws if the turn would be refused now. Runs at once, and again when
   * the turn begins, because another turn may have used the thread in between.
   */
  check: () => Promise<State>
  /** Stores what the person did. Returns the events that come before the answer. */
  begin: (state: State) => Promise<ThreadStreamEvent[]>
  answer: (state: State) => Answer<Context>
  messageId?: string
}

/** A turn that continues a thread without a new message. */
export async function prepareTurn<Context, State extends { thread: Thread }>(
  deps: Deps<Context>,
  { check, begin, answer, messageId }: Plan<State, Context>,
): Promise<PreparedTurn<Context>> {
  const { thread } = await check()
  return {
    threadId: thread.id,
    messageId,
    check: async () => void (await check()),
    begin: async () => {
      const state = await check()
      const steps = { opening: [], loadThread: async () => state.thread, begin: () => begin(state) }
      return (signal, context) => pipe(deps, { ...steps, threadId: thread.id }, answer(state), signal, context)
    },
  }
}

/**
 * A turn that begins with a message. The message and its attachments are stored before any event.
 * `check` throws if the message would be refused now.
 */
export function prepareMessageTurn<Context>(
  deps: Deps<Context>,
  opening: Opening,
  check: () => Promise<unknown>,
): PreparedTurn<Context> {
  const { store } = deps
  const { thread: newThread, message } = opening
  const threadId = message.thread_id
  const shown: ThreadStreamEvent[] = [{ type: 'thread.item.done', item: message }]
  if (newThread) shown.unshift({ type: 'thread.created', thread: toWireThread(newThread) })
  // Another turn may have set the title of a thread while this one waited.
  const loadThread = async () => newThread ?? store.loadThread(threadId)
  const isEdit = opening.replaces !== undefined
  const begin = async (thread: Thread) => [
    streamOptionsEvent(deps, thread),
    ...(isEdit ? await forksEvents(store, thread) : []),
  ]
  const makeRoom = async () => {
    await check()
    // What waits was written for the path that is left.
    await store.waiting?.hold(threadId, 'You changed the conversation after you wrote this message.')
    await deps.turns?.stop(threadId)
    await deps.leave?.(threadId)
  }
  return {
    threadId,
    messageId: message.id,
    opening,
    check: async () => void (await check()),
    ...(isEdit && { makeRoom }),
    begin: async ({ isStored = false } = {}) => {
      if (!isStored) {
        await (isEdit ? makeRoom() : check())
        await storeOpening(store, opening)
      }
      return (signal, context) =>
        pipe(deps, { threadId, opening: shown, loadThread, begin }, respondTo(deps, message), signal, context)
    },
  }
}

/** What `respond` answers to this message, or to the thread as it is if there is none. */
export function respondTo<Context>({ respond, watch }: Deps<Context>, input: UserMessageItem | null): Answer<Context> {
  return (turn, context) => {
    const asked = { ...turn, input }
    const watcher = watch?.(asked, context)
    return { events: respond(asked, context), watcher }
  }
}

export function streamOptionsEvent<Context>({ streamOptions }: Deps<Context>, thread: Thread): ThreadStreamEvent {
  return { type: 'stream_options', stream_options: streamOptions?.(thread) ?? { allow_cancel: true } }
}

/** Tells clients of the ways on, now that the turn has left one; nothing if the store keeps none. */
export async function forksEvents(store: Store, thread: Thread): Promise<ThreadStreamEvent[]> {
  const [forks = [], waiting] = await Promise.all([store.branches?.list(thread.id), store.waiting?.list(thread.id)])
  return forks.length > 0 ? [{ type: 'thread.updated', thread: toWireThread(thread, undefined, forks, waiting) }] : []
}

function pipe<Context>(
  { store, onFailure }: Deps<Context>,
  steps: Pick<PipedTurn, 'threadId' | 'opening' | 'loadThread' | 'begin'>,
  answer: Answer<Context>,
  signal: AbortSignal,
  context: Context,
): AsyncGenerator<ThreadStreamEvent> {
  return persistEvents({
    ...steps,
    store,
    signal,
    answer: (thread) => answer({ thread, store, signal }, context),
    onFailure: (error, shown) => onFailure?.(error, shown, context),
  })
}
