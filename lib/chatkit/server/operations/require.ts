import type {
  Attachment,
  ClientToolCallItem,
  StructuredInputItem,
  ThreadItem,
  UserMessageItem,
} from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import { findLastTurn } from '#lib/chatkit/server/operations/last-turn.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'

/**
 * A thread that takes new turns. Throws not_found; conflict with the reason if locked or closed.
 */
export async function loadActive(store: Store, id: string): Promise<Thread> {
  const thread = await store.loadThread(id)
  const { status } = thread
  if (status.type === 'active') return thread
  throw new AppError('conflict', status.reason || `This conversation is ${status.type}.`)
}

/** Throws too_large if the texts together exceed `maxChars`. */
export function requireShort(texts: Iterable<string>, maxChars: number): void {
  let length = 0
  for (const text of texts) length += text.length
  if (length <= maxChars) return
  const [most, given] = [maxChars, length].map((count) => count.toLocaleString('en'))
  throw new AppError('too_large', `The message has ${given} characters; ${most} are the most that can be sent at once.`)
}

/** The item that sent an action, of any type; null if the page sent it. Throws not_found. */
export async function loadSender(
  store: Store,
  threadId: string,
  itemId: string | null | undefined,
): Promise<ThreadItem | null> {
  return itemId ? store.loadItem(threadId, itemId) : null
}

/** The message to answer again. Throws not_found, and bad_request for another kind of item. */
export async function requireUserMessage(store: Store, threadId: string, itemId: string): Promise<UserMessageItem> {
  const item = await store.loadItem(threadId, itemId)
  if (item.type !== 'user_message')
    throw new AppError('bad_request', `params.item_id: ${itemId} is not a user message.`)
  return item
}

/**
 * Throws if a message cannot stand in for another one: not_found, bad_request for another kind of
 * item, conflict if the thread has too many versions. A message that is stored has done so before.
 */
export async function requireReplaceable(store: Store, message: UserMessageItem, replaced: string): Promise<void> {
  const { id, thread_id: threadId, request_id: requestId } = message
  if (requestId !== undefined && (await isStored(store, threadId, id))) return
  await requireUserMessage(store, threadId, replaced)
  await store.branches?.requireRoom(threadId)
}

async function isStored(store: Store, threadId: string, itemId: string): Promise<boolean> {
  try {
    await store.loadItem(threadId, itemId)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return false
    throw error
  }
}

/** The form to fill in. Throws not_found, bad_request for another item, conflict if answered. */
export async function requirePendingInput(
  store: Store,
  threadId: string,
  itemId: string,
): Promise<StructuredInputItem> {
  const item = await store.loadItem(threadId, itemId)
  if (item.type !== 'structured_input')
    throw new AppError('bad_request', 'params.item_id: this item asks no questions.')
  if (item.status !== 'pending') throw new AppError('conflict', 'These questions were answered already.')
  return item
}

/**
 * The pending client tool calls since the person's last message, newest first. Throws conflict if
 * there is none.
 */
export async function requirePendingToolCalls(
  store: Store,
  threadId: string,
): Promise<[ClientToolCallItem, ...ClientToolCallItem[]]> {
  // Widget actions may have added any number of items after the call.
  const { after } = await findLastTurn(store, threadId)
  const [first, ...rest] = after
    .filter((item) => item.type === 'client_tool_call')
    .filter(({ status }) => status === 'pending')
  if (!first) throw new AppError('conflict', 'No tool of this page is waiting for a result in this conversation.')
  return [first, ...rest]
}

/**
 * The attachments of a message. Throws not_found if one is missing or another person's, too_large
 * for too many, and conflict if one is not uploaded yet or belongs to another thread.
 */
export async function loadAttachments(
  { store, limits, files }: Pick<Deps<never>, 'store' | 'limits' | 'files'>,
  ids: string[],
  threadId: string,
): Promise<Attachment[]> {
  const wanted = [...new Set(ids)]
  const { attachmentsMax = wanted.length } = limits
  if (wanted.length > attachmentsMax)
    throw new AppError('too_large', `A message can have ${attachmentsMax} files at most.`)
  return Promise.all(
    wanted.map(async (id) => {
      if (!store.attachments) throw notFound('The attachment')
      const attachment = await store.attachments.load(id)
      if (attachment.thread_id && attachment.thread_id !== threadId)
        throw new AppError('conflict', `${attachment.name} belongs to another conversation. Upload it again.`)
      if (files?.isReady?.(attachment) === false)
        throw new AppError('conflict', `${attachment.name} is not uploaded yet.`)
      return attachment
    }),
  )
}
