import { HISTORY_MAX_TOKENS } from '#lib/agent/input/to-model-input.ts'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'
import { isHidden, type ThreadItem, type WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'

const PAGE = 100
const MAX_PAGES = 10

/**
 * The newest items of a thread, oldest first: as many as can matter for the model's input, at most
 * 1,000.
 */
export async function listRecentItems(store: Store, threadId: string): Promise<ThreadItem[]> {
  const items: ThreadItem[] = []
  let after: string | undefined
  let size = 0
  for (let page = 0; page < MAX_PAGES && size < HISTORY_MAX_TOKENS; page += 1) {
    const {
      data,
      has_more,
      after: next,
    } = await store.listItems(threadId, { limit: PAGE, order: 'desc', ...(after && { after }) })
    items.push(...data)
    size += estimateTokens(data)
    if (!has_more || !next) break
    after = next
  }
  return items.reverse()
}

/**
 * The workflow that a turn without a user message continues: the last visible item, or the one
 * before a client tool call.
 */
export function openWorkflowOf(items: ThreadItem[]): WorkflowItem | undefined {
  const shown = items.filter((item) => !isHidden(item))
  const last = shown.at(-1)
  const candidate = last?.type === 'client_tool_call' ? shown.at(-2) : last
  return candidate?.type === 'workflow' ? candidate : undefined
}
