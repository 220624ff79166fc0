import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'

const PAGE = 100

/** The person's last message, and the items after it, newest first. */
export async function findLastTurn(
  store: Store,
  threadId: string,
): Promise<{ message?: UserMessageItem; after: ThreadItem[] }> {
  const { start, after } = await listItemsSince(store, threadId, ({ type }) => type === 'user_message')
  return { after, ...(start?.type === 'user_message' && { message: start }) }
}

/**
 * The newest item that `isStart` accepts, and the items after it, newest first: all items if there
 * is none.
 */
export async function listItemsSince(
  store: Store,
  threadId: string,
  isStart: (item: ThreadItem) => boolean,
): Promise<{ start?: ThreadItem; after: ThreadItem[] }> {
  const newest: ThreadItem[] = []
  let place: string | undefined
  do {
    const page = await store.listItems(threadId, { limit: PAGE, order: 'desc', ...(place && { after: place }) })
    for (const item of page.data) {
      if (isStart(item)) return { start: item, after: newest }
      newest.push(item)
    }
    place = page.has_more ? page.after : undefined
  } while (place)
  return { after: newest }
}
