import type { Api } from '#lib/chatkit/client/api.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { WireThread } from '#lib/chatkit/protocol/thread.ts'

const PAGE_SIZE = 50

type Page = { data: ThreadItem[]; has_more: boolean; after?: string }
/**
 * Items in the order of the conversation. `older` is the cursor of the earlier items; null if there
 * are none.
 */
type Stretch = { items: ThreadItem[]; older: string | null }

/**
 * Reads a thread and its newest items. For a long thread only the end is read; `readOlder`
 * continues from there.
 */
export async function readThread(
  api: Api,
  threadId: string,
  signal: AbortSignal,
): Promise<Stretch & { thread: WireThread }> {
  const thread = await api.query<WireThread>('threads.get_by_id', { thread_id: threadId }, signal)
  if (!thread.items.has_more) return { thread, items: thread.items.data, older: null }
  return { thread, ...(await readPage(api, { thread_id: threadId }, signal)) }
}

/** Reads the items before a cursor. */
export function readOlder(api: Api, threadId: string, older: string): Promise<Stretch> {
  return readPage(api, { thread_id: threadId, after: older })
}

async function readPage(api: Api, from: object, signal?: AbortSignal): Promise<Stretch> {
  const page = await api.query<Page>('items.list', { ...from, limit: PAGE_SIZE, order: 'desc' }, signal)
  return { items: page.data.toReversed(), older: page.has_more ? (page.after ?? null) : null }
}
