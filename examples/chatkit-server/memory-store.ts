import { randomUUID } from 'node:crypto'
import { isHidden, type ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { PageQuery, Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { notFound } from '#lib/platform/errors.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

type Conversation = { thread: Thread; items: Map<string, ThreadItem> }

/** One person's conversations in memory. A real store is bound to the signed-in person in the same way: make one for each request. */
export function memoryStore(conversations = new Map<string, Conversation>()): Store {
  const find = (id: string): Conversation => conversations.get(id) ?? raise('The conversation')
  const putItem = async (threadId: string, item: ThreadItem) =>
    void find(threadId).items.set(item.id, structuredClone(item))
  return {
    newThreadId: () => `thr_${randomUUID()}`,
    newItemId: (kind) => `${kind}_${randomUUID()}`,
    loadThread: async (id) => structuredClone(find(id).thread),
    saveThread: async (thread) => {
      const items = conversations.get(thread.id)?.items ?? new Map()
      conversations.set(thread.id, { thread: structuredClone(thread), items })
    },
    changeThread: async (id, changes) => structuredClone(Object.assign(find(id).thread, changes)),
    listThreads: async (query) =>
      toRows(
        [...conversations.values()].map(({ thread }) => thread),
        query,
      ),
    deleteThread: async (id) => void conversations.delete(find(id).thread.id),
    loadItem: async (threadId, id) => structuredClone(find(threadId).items.get(id) ?? raise('The item')),
    listItems: async (threadId, { visible, ...query }) =>
      toRows(
        [...find(threadId).items.values()].filter((item) => !visible || !isHidden(item)),
        query,
      ),
    addItem: putItem,
    saveItem: putItem,
    deleteItem: async (threadId, id) => void find(threadId).items.delete(id),
  }
}

function toRows<Row extends { id: string }>(rows: Row[], { limit, after, order }: PageQuery): Page<Row> {
  const ordered = order === 'asc' ? rows : rows.toReversed()
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && from === 0) raise('The item')
  return structuredClone(toPage(ordered.slice(from, from + limit + 1), limit, ({ id }) => id))
}

function raise(what: string): never {
  throw notFound(what)
}
