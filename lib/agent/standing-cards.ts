import { closedCard, isApprovalCard } from '#lib/agent/approval-card.ts'
import { CLOSED } from '#lib/agent/close-approvals.ts'
import { connectCardOf, connectedCard } from '#lib/agent/connect-card.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/store.ts'
import { APPROVAL_MS } from '#lib/data/approvals.ts'
import { listAccounts } from '#lib/data/server-accounts.ts'

/**
 * The store with its cards as they stand when a client reads them: a question that nobody answered for a day has no buttons any
 * more, and an account that was connected elsewhere is connected here.
 */
export function withStandingCards(store: Store, caller: { userId: string }): Store {
  return {
    ...store,
    listItems: async (threadId, query) => {
      const page = await store.listItems(threadId, query)
      return query.visible ? { ...page, data: await standing(page.data, caller) } : page
    },
  }
}

async function standing(items: ThreadItem[], caller: { userId: string }): Promise<ThreadItem[]> {
  const accounts = items.some(connectCardOf) ? await listAccounts(caller) : undefined
  return items.map((item) => {
    if (item.type !== 'widget') return item
    if (isApprovalCard(item) && Date.parse(item.created_at) + APPROVAL_MS <= Date.now())
      return { ...item, widget: closedCard(item.widget, CLOSED.expired) }
    const account = accounts?.get(connectCardOf(item) ?? '')
    return account && !account.broken ? { ...item, widget: connectedCard(item.widget) } : item
  })
}
