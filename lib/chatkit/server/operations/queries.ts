import { isHidden } from '#lib/chatkit/protocol/items.ts'
import type { Operation } from '#lib/chatkit/protocol/requests.ts'
import { type Branches, type Store, toPageQuery } from '#lib/chatkit/protocol/store.ts'
import type { Query } from '#lib/chatkit/server/operations/query.ts'
import { loadActive, loadSender, requireUserMessage } from '#lib/chatkit/server/operations/require.ts'
import { sendWaiting, takeBack, waitMessage } from '#lib/chatkit/server/operations/wait-message.ts'
import { toWireAttachment, toWireItem, toWireThread } from '#lib/chatkit/server/operations/wire.ts'
import { cleanTitle } from '#lib/chatkit/server/title.ts'
import { AppError } from '#lib/platform/errors.ts'

// The operations that answer with JSON at once (protocol section 1.6).

const getThread: Query<'threads.get_by_id'> = async ({ thread_id }, { store }) => {
  const thread = await store.loadThread(thread_id)
  const [items, forks, waiting] = await Promise.all([
    store.listItems(thread_id, { ...toPageQuery({ order: 'asc' }), visible: true }),
    store.branches?.list(thread_id),
    store.waiting?.list(thread_id),
  ])
  return toWireThread(thread, { ...items, data: items.data.map(toWireItem) }, forks, waiting)
}

const listThreads: Query<'threads.list'> = async (params, { store }) => {
  const page = await store.listThreads(toPageQuery(params))
  return { ...page, data: page.data.map((thread) => toWireThread(thread)) }
}

const updateThread: Query<'threads.update'> = async ({ thread_id, title }, { store }) => {
  const cleaned = cleanTitle(title)
  if (!cleaned) throw new AppError('bad_request', 'params.title is empty.')
  return toWireThread(await store.changeThread(thread_id, { title: cleaned }))
}

const deleteThread: Query<'threads.delete'> = async ({ thread_id }, { store, turns }) => {
  await store.loadThread(thread_id)
  // Otherwise the turn would keep writing to a deleted thread, and what waits would begin another one.
  await store.waiting?.hold(thread_id, 'This conversation was deleted.')
  await turns?.stop(thread_id)
  await store.deleteThread(thread_id)
  return {}
}

const stopTurn: Query<'threads.stop'> = async ({ thread_id }, { store, turns }) => {
  await store.loadThread(thread_id)
  await turns?.stop(thread_id)
  return {}
}

const listItems: Query<'items.list'> = async ({ thread_id, ...params }, { store }) => {
  await store.loadThread(thread_id)
  const page = await store.listItems(thread_id, { ...toPageQuery(params), visible: true })
  return { ...page, data: page.data.map(toWireItem) }
}

const chooseBranch: Query<'threads.choose_branch'> = async ({ thread_id, branch_id }, deps) => {
  await deps.store.loadThread(thread_id)
  await requireBranches(deps.store).choose(thread_id, branch_id)
  return getThread({ thread_id }, deps)
}

const deleteTurn: Query<'threads.delete_turn'> = async ({ thread_id, item_id }, deps) => {
  await deps.store.loadThread(thread_id)
  await requireUserMessage(deps.store, thread_id, item_id)
  await requireBranches(deps.store).deleteTurn(thread_id, item_id)
  return getThread({ thread_id }, deps)
}

function requireBranches({ branches }: Store): Branches {
  if (!branches) throw new AppError('bad_request', 'This server keeps one version of a conversation.')
  return branches
}

const giveFeedback: Query<'items.feedback'> = async (given, { store, feedback }) => {
  await store.loadThread(given.thread_id)
  await feedback?.(given)
  return {}
}

const pinItems: Query<'items.pin'> = async (given, { store, pin }) => {
  await loadActive(store, given.thread_id)
  if (!pin) throw new AppError('bad_request', 'This server keeps no messages in the context.')
  await pin(given)
  return {}
}

const actSync: Query<'threads.sync_custom_action'> = async (
  { thread_id, item_id, action },
  { store, actSync: act },
) => {
  const thread = await loadActive(store, thread_id)
  const sender = await loadSender(store, thread_id, item_id)
  if (sender && sender.type !== 'widget')
    throw new AppError('bad_request', 'params.item_id: only a widget can send this action.')
  if (!act) throw new AppError('bad_request', 'This server has no actions.')
  const updated = await act({ thread, action, sender, store })
  return updated && !isHidden(updated) ? { updated_item: toWireItem(updated) } : {}
}

const createAttachment: Query<'attachments.create'> = async (params, { store, files }) => {
  if (!files || !store.attachments) throw noAttachments()
  const attachment = await files.create(params)
  await store.attachments.save(attachment)
  return toWireAttachment(attachment)
}

const deleteAttachment: Query<'attachments.delete'> = async ({ attachment_id }, { store, files }) => {
  if (!files || !store.attachments) throw noAttachments()
  await store.attachments.load(attachment_id)
  await files.delete(attachment_id)
  await store.attachments.delete(attachment_id)
  return {}
}

function noAttachments(): AppError {
  return new AppError('bad_request', 'This server takes no attachments.')
}

const transcribe: Query<'input.transcribe'> = async ({ audio_base64, mime_type }, { transcribe: listen }) => {
  if (!listen) throw new AppError('bad_request', 'This server cannot turn speech into text.')
  const mediaType = mime_type.split(';')[0]?.trim() ?? ''
  const { text } = await listen({ data: Buffer.from(audio_base64, 'base64'), mimeType: mime_type, mediaType })
  return { text }
}

/** The operations that do not stream. */
export const queries = {
  'threads.get_by_id': getThread,
  'threads.list': listThreads,
  'threads.update': updateThread,
  'threads.delete': deleteThread,
  'threads.stop': stopTurn,
  'threads.sync_custom_action': actSync,
  'threads.choose_branch': chooseBranch,
  'threads.delete_turn': deleteTurn,
  'threads.wait_message': waitMessage,
  'threads.take_back': takeBack,
  'threads.send_waiting': sendWaiting,
  'items.list': listItems,
  'items.feedback': giveFeedback,
  'items.pin': pinItems,
  'attachments.create': createAttachment,
  'attachments.delete': deleteAttachment,
  'input.transcribe': transcribe,
} satisfies { [O in Operation]?: Query<O> }
