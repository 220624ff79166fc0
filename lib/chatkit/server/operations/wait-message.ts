import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Store, WaitingMessages } from '#lib/chatkit/protocol/store.ts'
import type { WaitingMessage } from '#lib/chatkit/protocol/thread.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import type { Query } from '#lib/chatkit/server/operations/query.ts'
import { loadActive } from '#lib/chatkit/server/operations/require.ts'
import { toMessage } from '#lib/chatkit/server/operations/to-message.ts'
import { AppError } from '#lib/platform/errors.ts'

// The operations of messages that wait for the end of an answer.

/** Stores a message that becomes the next turn, and answers with all that wait. */
export const waitMessage: Query<'threads.wait_message'> = async ({ thread_id, input }, deps, requestId) => {
  const waiting = requireWaiting(deps.store)
  await loadActive(deps.store, thread_id)
  await waiting.add(await toMessage(deps, thread_id, input, requestId))
  // The answer may have ended while the message was stored.
  deps.turns?.beginWaiting?.(thread_id)
  return { waiting: await waiting.list(thread_id) }
}

export const takeBack: Query<'threads.take_back'> = async ({ thread_id, item_id }, { store, turns }) => {
  const waiting = requireWaiting(store)
  await store.loadThread(thread_id)
  const message = await waiting.takeBack(thread_id, item_id)
  turns?.beginWaiting?.(thread_id)
  return { message, waiting: await waiting.list(thread_id) }
}

export const sendWaiting: Query<'threads.send_waiting'> = async ({ thread_id, item_id }, { store, turns }) => {
  const waiting = requireWaiting(store)
  await loadActive(store, thread_id)
  await waiting.release(thread_id, item_id)
  turns?.beginWaiting?.(thread_id)
  return { waiting: await waiting.list(thread_id) }
}

/**
 * The message as it would be if it were sent now. Throws what `toMessage` throws, not_found if the
 * message does not wait any more, and conflict if the thread takes no messages.
 */
export async function checkWaiting<Context>(deps: Deps<Context>, message: UserMessageItem): Promise<UserMessageItem> {
  const {
    id,
    thread_id: threadId,
    request_id: requestId,
    content,
    attachments,
    quoted_text,
    inference_options,
  } = message
  await loadActive(deps.store, threadId)
  const waiting = await requireWaiting(deps.store).list(threadId)
  if (!waiting.some((one: WaitingMessage) => one.message.id === id))
    throw new AppError('not_found', 'This message does not wait any more.')
  const input = { content, attachments: attachments.map((file) => file.id), quoted_text, inference_options }
  return { ...(await toMessage(deps, threadId, input, requestId)), id }
}

function requireWaiting({ waiting }: Store): WaitingMessages {
  if (!waiting) throw new AppError('bad_request', 'On this server no message can wait for the end of an answer.')
  return waiting
}
