import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Operation, Params } from '#lib/chatkit/protocol/requests.ts'
import type { Opening, Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Deps, PreparedTurn } from '#lib/chatkit/server/deps.ts'
import { fillForm } from '#lib/chatkit/server/operations/fill-form.ts'
import {
  loadActive,
  loadSender,
  requirePendingInput,
  requirePendingToolCalls,
  requireShort,
  requireUserMessage,
} from '#lib/chatkit/server/operations/require.ts'
import { toMessage } from '#lib/chatkit/server/operations/to-message.ts'
import { toWireThread } from '#lib/chatkit/server/operations/wire.ts'
import { persistEvents } from '#lib/chatkit/server/pipeline/persist-events.ts'
import { storeOpening } from '#lib/chatkit/server/pipeline/store-opening.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'

// The operations that stream (protocol section 1.6). Preparing one checks everything and stores
// nothing; it stores only when its events are read.

type Events = AsyncIterable<ThreadStreamEvent>
type Prepare<O extends Operation> = <Context>(
  params: Params<O>,
  deps: Deps<Context>,
  requestId?: string,
) => Promise<PreparedTurn<Context>>

/**
 * A turn that goes through the pipeline. `check` runs at once, and again when the turn begins,
 * because another turn may have used the thread in between.
 */
async function prepareTurn<Context, State extends { thread: Thread }>(
  { store, onFailure }: Deps<Context>,
  check: () => Promise<State>,
  source: (state: State, signal: AbortSignal, context: Context) => Events,
  messageId?: string,
): Promise<PreparedTurn<Context>> {
  const { thread } = await check()
  return {
    threadId: thread.id,
    messageId,
    check: async () => void (await check()),
    begin: async () => {
      const state = await check()
      return (signal, context) =>
        persistEvents(
          { thread: state.thread, store, signal, onFailure: (error, told) => onFailure?.(error, told, context) },
          source(state, signal, context),
        )
    },
  }
}

function streamOptionsEvent<Context>({ streamOptions }: Deps<Context>, thread: Thread): ThreadStreamEvent {
  return { type: 'stream_options', stream_options: streamOptions?.(thread) ?? { allow_cancel: true } }
}

async function* answer<Context>(
  deps: Deps<Context>,
  thread: Thread,
  input: UserMessageItem | null,
  signal: AbortSignal,
  context: Context,
): AsyncGenerator<ThreadStreamEvent> {
  if (!signal.aborted) yield* deps.respond({ thread, input, store: deps.store, signal }, context)
}

/**
 * A turn that begins with a message. The message and its attachments are stored before any event.
 */
function prepareMessageTurn<Context>(
  deps: Deps<Context>,
  opening: Opening,
  loadThread: () => Promise<Thread>,
  recheck: () => Promise<unknown>,
): PreparedTurn<Context> {
  const { store, onFailure } = deps
  const { message } = opening
  return {
    threadId: message.thread_id,
    messageId: message.id,
    opening,
    check: async () => void (await recheck()),
    begin: async ({ isStored = false } = {}) => {
      if (!isStored) {
        await recheck()
        await storeOpening(store, opening)
      }
      return async function* (signal, context) {
        // Another turn may have set the title while this one waited.
        const thread = await loadThread()
        if (opening.thread) yield { type: 'thread.created', thread: toWireThread(thread) }
        yield { type: 'thread.item.done', item: message }
        yield* persistEvents(
          { thread, store, signal, onFailure: (error, told) => onFailure?.(error, told, context) },
          optionsAndAnswer(deps, thread, message, signal, context),
        )
      }
    },
  }
}

const createThread: Prepare<'threads.create'> = async ({ input }, deps, requestId) => {
  const { store } = deps
  const thread: Thread = {
    id: store.newThreadId(requestId),
    created_at: new Date().toISOString(),
    status: { type: 'active' },
    metadata: {},
  }
  const toStore = () => toMessage(deps, thread.id, input, requestId)
  return prepareMessageTurn(deps, { thread, message: await toStore() }, async () => thread, toStore)
}

const addUserMessage: Prepare<'threads.add_user_message'> = async ({ thread_id, input }, deps, requestId) => {
  const { store } = deps
  const toStore = async () => {
    await loadActive(store, thread_id)
    return toMessage(deps, thread_id, input, requestId)
  }
  return prepareMessageTurn(deps, { message: await toStore() }, () => store.loadThread(thread_id), toStore)
}

async function* optionsAndAnswer<Context>(
  deps: Deps<Context>,
  thread: Thread,
  message: UserMessageItem,
  signal: AbortSignal,
  context: Context,
): AsyncGenerator<ThreadStreamEvent> {
  yield streamOptionsEvent(deps, thread)
  yield* answer(deps, thread, message, signal, context)
}

const addToolOutput: Prepare<'threads.add_client_tool_output'> = async ({ thread_id, result }, deps) => {
  const { store } = deps
  const check = async () => ({
    thread: await loadActive(store, thread_id),
    calls: await requirePendingToolCalls(store, thread_id),
  })
  return prepareTurn(deps, check, async function* ({ thread, calls: [call, ...dangling] }, signal, context) {
    await store.saveItem(thread_id, { ...call, status: 'completed', output: result ?? null })
    for (const { id } of dangling) await store.deleteItem(thread_id, id)
    yield streamOptionsEvent(deps, thread)
    yield* answer(deps, thread, null, signal, context)
  })
}

const addStructuredInput: Prepare<'threads.add_structured_input'> = async ({ thread_id, item_id, input }, deps) => {
  const { store } = deps
  const check = async () => ({
    thread: await loadActive(store, thread_id),
    form: await requirePendingInput(store, thread_id, item_id),
  })
  requireShort(
    Object.values(input.answers).flatMap(({ values }) => values),
    deps.limits.messageMaxChars,
  )
  return prepareTurn(deps, check, async function* ({ thread, form }, signal, context) {
    yield streamOptionsEvent(deps, thread)
    yield { type: 'thread.item.replaced', item: fillForm(form, input) }
    yield* answer(deps, thread, null, signal, context)
  })
}

const retryAfterItem: Prepare<'threads.retry_after_item'> = async ({ thread_id, item_id }, deps) => {
  const { store } = deps
  const check = async () => ({
    thread: await loadActive(store, thread_id),
    message: await requireUserMessage(store, thread_id, item_id),
  })
  return prepareTurn(
    deps,
    check,
    async function* ({ thread, message }, signal, context) {
      for (const id of await newerThan(store, thread_id, item_id)) await store.deleteItem(thread_id, id)
      yield* optionsAndAnswer(deps, thread, message, signal, context)
    },
    item_id,
  )
}

async function newerThan(store: Store, threadId: string, itemId: string): Promise<string[]> {
  const newer: string[] = []
  let after: string | undefined
  do {
    const page = await store.listItems(threadId, { limit: 100, order: 'desc', after })
    for (const { id } of page.data) {
      if (id === itemId) return newer
      newer.push(id)
    }
    after = page.has_more ? page.after : undefined
  } while (after)
  // The item was deleted meanwhile, so nothing can be newer than it.
  throw notFound('The item')
}

const actSync: Prepare<'threads.sync_custom_action'> = async (params, deps) => {
  const sender = await loadSender(deps.store, params.thread_id, params.item_id)
  if (sender && sender.type !== 'widget')
    throw new AppError('bad_request', 'params.item_id: only a widget can send this action.')
  return customAction(params, deps)
}

const customAction: Prepare<'threads.custom_action'> = async ({ thread_id, item_id, action }, deps) => {
  const { store, act } = deps
  const check = async () => {
    const state = { thread: await loadActive(store, thread_id), sender: await loadSender(store, thread_id, item_id) }
    if (!act && (!state.sender || state.sender.type === 'widget'))
      throw new AppError('bad_request', 'This server has no actions.')
    return state
  }
  return prepareTurn(deps, check, async function* ({ thread, sender }, signal, context) {
    if (sender && sender.type !== 'widget') return yield { type: 'error', code: 'stream.error', allow_retry: false }
    yield streamOptionsEvent(deps, thread)
    if (act) yield* act({ thread, action, sender, store, signal }, context)
  })
}

/** How each streaming operation is prepared. */
export const turns = {
  'threads.create': createThread,
  'threads.add_user_message': addUserMessage,
  'threads.add_client_tool_output': addToolOutput,
  'threads.add_structured_input': addStructuredInput,
  'threads.retry_after_item': retryAfterItem,
  'threads.custom_action': customAction,
  'threads.sync_custom_action': actSync,
} satisfies { [O in Operation]?: Prepare<O> }
