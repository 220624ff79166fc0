import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { isHidden } from '#lib/chatkit/protocol/items.ts'
import type { PageQuery, Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

type Rows = {
  threads: Map<string, { ownerId: string; thread: Thread; items: Map<string, ThreadItem> }>
  attachments: Map<string, { ownerId: string; attachment: Attachment }>
}

/** The rows that several people's stores share, as one database would. */
export function memoryRows(): Rows {
  return { threads: new Map(), attachments: new Map() }
}

/**
 * A store in memory that fulfils the contract of `Store`, bound to one person. Stores attachments,
 * too.
 */
export function memoryStore(
  rows: Rows = memoryRows(),
  ownerId = 'ann',
): Store & { attachments: NonNullable<Store['attachments']> } {
  const find = (id: string) => {
    const row = rows.threads.get(id)
    if (row?.ownerId !== ownerId) throw notFound('The conversation')
    return row
  }
  const findAttachment = (id: string) => {
    const row = rows.attachments.get(id)
    if (row?.ownerId !== ownerId) throw notFound('The attachment')
    return row.attachment
  }
  const write = async (threadId: string, item: ThreadItem) => void find(threadId).items.set(item.id, copy(item))
  return {
    newThreadId: () => newId('thr'),
    newItemId: (kind) =>
      newId({ message: 'msg', tool_call: 'tc', workflow: 'wf', task: 'tsk' }[kind as string] ?? kind),
    loadThread: async (id) => copy(find(id).thread),
    saveThread: async (thread) => {
      const row = rows.threads.get(thread.id)
      if (row && row.ownerId !== ownerId) throw notFound('The conversation')
      rows.threads.set(thread.id, { ownerId, items: new Map(), ...row, thread: copy(thread) })
    },
    changeThread: async (id, changes) => {
      Object.assign(find(id).thread, copy({ ...find(id).thread, ...changes }))
      for (const [field, value] of Object.entries(changes))
        if (value === undefined) delete find(id).thread[field as 'title']
      return copy(find(id).thread)
    },
    listThreads: async (query) => {
      const own = [...rows.threads.values()].filter((row) => row.ownerId === ownerId).map(({ thread }) => thread)
      return page(own, query, () => true)
    },
    deleteThread: async (id) => void rows.threads.delete(find(id).thread.id),
    loadItem: async (threadId, id) => {
      const item = rows.threads.get(threadId)?.ownerId === ownerId ? find(threadId).items.get(id) : undefined
      if (!item) throw notFound('The item')
      return copy(item)
    },
    listItems: async (threadId, { visible, ...query }) => {
      const row = rows.threads.get(threadId)
      return page(row?.ownerId === ownerId ? [...row.items.values()] : [], query, (item) => !visible || !isHidden(item))
    },
    addItem: write,
    saveItem: write,
    deleteItem: async (threadId, id) => void find(threadId).items.delete(id),
    attachments: {
      load: async (id) => copy(findAttachment(id)),
      save: async (attachment) => {
        if (rows.attachments.has(attachment.id)) findAttachment(attachment.id)
        rows.attachments.set(attachment.id, { ownerId, attachment: copy(attachment) })
      },
      bind: async (threadId, ids) => {
        const found = ids.map(findAttachment)
        if (found.some(({ thread_id = threadId }) => thread_id !== threadId))
          throw new AppError('conflict', 'Another thread has it.')
        for (const attachment of found) attachment.thread_id = threadId
      },
      delete: async (id) => {
        if (rows.attachments.get(id)?.ownerId === ownerId) rows.attachments.delete(id)
      },
    },
  }
}

function page<T extends { id: string }>(
  all: T[],
  { limit, after, order }: PageQuery,
  shown: (row: T) => boolean,
): Page<T> {
  const ordered = order === 'asc' ? all : [...all].reverse()
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && from === 0) throw notFound('The item')
  return copy(
    toPage(
      ordered
        .slice(from)
        .filter(shown)
        .slice(0, limit + 1),
      limit,
      ({ id }) => id,
    ),
  )
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value))
}
