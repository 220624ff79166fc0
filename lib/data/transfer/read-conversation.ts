import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { AppError } from '#lib/platform/errors.ts'

const PAGE = 100

/** The most items of a conversation that are shared, copied, exported or imported as one. */
export const ITEMS_MAX = 10_000

/**
 * The items of a thread that its person sees, oldest first, a page at a time. Throws not_found, and
 * too_large beyond 10,000 items.
 */
export async function* readConversation(store: Pick<Store, 'listItems'>, threadId: string): AsyncGenerator<ThreadItem> {
  let count = 0
  for (let after: string | undefined; ; ) {
    const page = await store.listItems(threadId, { limit: PAGE, order: 'asc', visible: true, ...(after && { after }) })
    count += page.data.length
    if (count > ITEMS_MAX)
      throw new AppError('too_large', `This conversation has more than ${ITEMS_MAX.toLocaleString('en')} entries.`)
    yield* page.data
    if (!page.has_more) return
    after = page.after
  }
}
