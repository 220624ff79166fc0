import type { Operation, Params } from '#lib/chatkit/protocol/requests.ts'
import { TEMPORARY, type Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Deps, PreparedTurn } from '#lib/chatkit/server/deps.ts'
import { fillForm } from '#lib/chatkit/server/operations/fill-form.ts'
import { leaveBehind } from '#lib/chatkit/server/operations/leave-behind.ts'
import {
  forksEvents,
  prepareMessageTurn,
  prepareTurn,
  respondTo,
  streamOptionsEvent,
} from '#lib/chatkit/server/operations/prepare-turn.ts'
import {
  loadActive,
  loadSender,
  requirePendingInput,
  requirePendingToolCalls,
  requireReplaceable,
  requireShort,
  requireUserMessage,
} from '#lib/chatkit/server/operations/require.ts'
import { toMessage } from '#lib/chatkit/server/operations/to-message.ts'
import { AppError } from '#lib/platform/errors.ts'

// The operations that stream (protocol section 1.6). Preparing one checks everything and stores
// nothing; it stores only when its events are read.

type Prepare<O extends Operation> = <Context>(
  params: Params<O>,
  deps: Deps<Context>,
  requestId?: string,
) => Promise<PreparedTurn<Context>>

const createThread: Prepare<'threads.create'> = async ({ input, temporary }, deps, requestId) => {
  const thread: Thread = {
    id: deps.store.newThreadId(requestId),
    created_at: new Date().toISOString(),
    status: { type: 'active' },
    metadata: temporary ? { [TEMPORARY]: true } : {},
  }
  const check = () => toMessage(deps, thread.id, input, requestId)
  return prepareMessageTurn(deps, { thread, message: await check() }, check)
}

const addUserMessage: Prepare<'threads.add_user_message'> = async (params, deps, requestId) => {
  const { thread_id, input, replaces } = params
  const check = async () => {
    await loadActive(deps.store, thread_id)
    const message = await toMessage(deps, thread_id, input, requestId)
    if (replaces != null) await requireReplaceable(deps.store, message, replaces)
    return message
  }
  const message = await check()
  return prepareMessageTurn(deps, { message, ...(replaces != null && { replaces }) }, check)
}

const addToolOutput: Prepare<'threads.add_client_tool_output'> = async ({ thread_id, result }, deps) => {
  const { store } = deps
  return prepareTurn(deps, {
    check: async () => ({
      thread: await loadActive(store, thread_id),
      calls: await requirePendingToolCalls(store, thread_id),
    }),
    begin: async ({ thread, calls: [call, ...dangling] }) => {
      await store.saveItem(thread_id, { ...call, status: 'completed', output: result ?? null })
      for (const { id } of dangling) await store.deleteItem(thread_id, id)
      return [streamOptionsEvent(deps, thread)]
    },
    answer: () => respondTo(deps, null),
  })
}

const addStructuredInput: Prepare<'threads.add_structured_input'> = async ({ thread_id, item_id, input }, deps) => {
  const { store } = deps
  requireShort(
    Object.values(input.answers).flatMap(({ values }) => values),
    deps.limits.messageMaxChars,
  )
  return prepareTurn(deps, {
    check: async () => ({
      thread: await loadActive(store, thread_id),
      form: await requirePendingInput(store, thread_id, item_id),
    }),
    begin: async ({ thread, form }) => [
      streamOptionsEvent(deps, thread),
      { type: 'thread.item.replaced', item: fillForm(form, input) },
    ],
    answer: () => respondTo(deps, null),
  })
}

const retryAfterItem: Prepare<'threads.retry_after_item'> = async ({ thread_id, item_id }, deps) => {
  const { store } = deps
  return prepareTurn(deps, {
    messageId: item_id,
    check: async () => {
      const thread = await loadActive(store, thread_id)
      const message = await requireUserMessage(store, thread_id, item_id)
      await store.branches?.requireRoom(thread_id)
      return { thread, message }
    },
    begin: async ({ thread }) => {
      await deps.leave?.(thread_id)
      await leaveBehind(store, thread_id, { after: item_id })
      return [streamOptionsEvent(deps, thread), ...(await forksEvents(store, thread))]
    },
    answer: ({ message }) => respondTo(deps, message),
  })
}

const actSync: Prepare<'threads.sync_custom_action'> = async (params, deps) => {
  const sender = await loadSender(deps.store, params.thread_id, params.item_id)
  if (sender && sender.type !== 'widget')
    throw new AppError('bad_request', 'params.item_id: only a widget can send this action.')
  return customAction(params, deps)
}

const customAction: Prepare<'threads.custom_action'> = async ({ thread_id, item_id, action }, deps) => {
  const { store, act } = deps
  return prepareTurn(deps, {
    check: async () => {
      const state = { thread: await loadActive(store, thread_id), sender: await loadSender(store, thread_id, item_id) }
      if (!act && (!state.sender || state.sender.type === 'widget'))
        throw new AppError('bad_request', 'This server has no actions.')
      return state
    },
    begin: async ({ thread, sender }) =>
      sender && sender.type !== 'widget'
        ? [{ type: 'error', code: 'stream.error', allow_retry: false }]
        : [streamOptionsEvent(deps, thread)],
    answer:
      ({ sender }) =>
      (turn, context) =>
        act && (!sender || sender.type === 'widget')
          ? { events: act({ ...turn, action, sender }, context) }
          : undefined,
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
