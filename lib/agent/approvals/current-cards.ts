import { closeApprovalCard, isApprovalCard } from '#lib/agent/approvals/approval-card.ts'
import { ANSWERED, CLOSED, NEVER_MADE, withRemembered } from '#lib/agent/approvals/close-approvals.ts'
import { findConnectCardServer, toConnectedCard } from '#lib/agent/cards/connect-card.ts'
import type { ThreadItem, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { type Answer, APPROVAL_MS, listAnswers } from '#lib/data/runs/approvals/approvals.ts'
import { listAccounts } from '#lib/data/servers/server-accounts.ts'

/**
 * Wraps a store so that clients read cards in their current state. An approval that was decided, or
 * that expired after a day, has no buttons, even if the process that should have removed them died.
 * An account that was connected elsewhere shows as connected here.
 */
export function withCurrentCards(store: Store, caller: { userId: string }): Store {
  return {
    ...store,
    listItems: async (threadId, query) => {
      const page = await store.listItems(threadId, query)
      return query.visible ? { ...page, data: await toCurrentCards(threadId, page.data, caller) } : page
    },
  }
}

async function toCurrentCards(
  threadId: string,
  items: ThreadItem[],
  caller: { userId: string },
): Promise<ThreadItem[]> {
  const asked = items.filter(isApprovalCard).map(({ id }) => id)
  const answers = new Map(
    asked.length > 0 ? (await listAnswers(caller, threadId, asked)).map((answer) => [answer.itemId, answer]) : [],
  )
  const accounts = items.some(findConnectCardServer) ? await listAccounts(caller) : undefined
  return items.map((item) => {
    if (item.type !== 'widget') return item
    const answer = answers.get(item.id)
    if (answer) return { ...item, widget: answeredCard(item.widget, answer) }
    if (isApprovalCard(item) && Date.parse(item.created_at) + APPROVAL_MS <= Date.now())
      return { ...item, widget: closeApprovalCard(item.widget, CLOSED.expired) }
    const account = accounts?.get(findConnectCardServer(item) ?? '')
    return account && !account.broken ? { ...item, widget: toConnectedCard(item.widget) } : item
  })
}

function answeredCard(card: WidgetRoot, { status, remember, isMade, isOpen }: Answer): WidgetRoot {
  if (status === 'expired') return closeApprovalCard(card, withRemembered(CLOSED.expired, { remember }))
  if (status === 'declined')
    return closeApprovalCard(card, remember ? withRemembered(CLOSED.declined, { remember }) : ANSWERED['approval.deny'])
  if (isMade || isOpen) return closeApprovalCard(card, ANSWERED[remember ? 'approval.always' : 'approval.approve'])
  return closeApprovalCard(card, NEVER_MADE)
}
