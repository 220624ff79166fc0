import { isSummaryItem } from '#lib/agent/input/summary-item.ts'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'
import { isHidden, type ThreadItem, type WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'

const PAGE = 500
/** More than any thread has without a summary, which is made from 3,000 items on. */
const MAX_PAGES = 8
/** No model takes more, by far. */
const MAX_TOKENS = 2_000_000

/**
 * The newest items of a thread, oldest first, at most 4,000: those after the item `after`, or as
 * many as there are.
 */
export async function listRecentItems(store: Store, threadId: string, after?: string): Promise<ThreadItem[]> {
  const items: ThreadItem[] = []
  let place: string | undefined
  let size = 0
  for (let page = 0; page < MAX_PAGES && size < MAX_TOKENS; page += 1) {
    const { data, ...next } = await store.listItems(threadId, {
      ...{ limit: PAGE, order: 'desc' as const },
      ...(place && { after: place }),
    })
    const end = data.findIndex(({ id }) => id === after)
    items.push(...(end < 0 ? data : data.slice(0, end)))
    if (end >= 0 || !next.has_more || !next.after) break
    size += estimateTokens(data)
    place = next.after
  }
  return items.reverse()
}

/**
 * The workflow that a turn without a user message continues: the last visible item, or the one
 * before a client tool call.
 */
export function openWorkflowOf(items: ThreadItem[]): WorkflowItem | undefined {
  const shown = items.filter((item) => !isHidden(item) && !isSummaryItem(item))
  const last = shown.at(-1)
  const candidate = last?.type === 'client_tool_call' ? shown.at(-2) : last
  return candidate?.type === 'workflow' ? candidate : undefined
}
