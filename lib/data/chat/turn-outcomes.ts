import type { ThreadItem, TurnOutcome } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

type Row = { turnId: string; status: string; errorMessage: string | null; allowRetry: boolean | null }

const OUTCOMES: readonly string[] = ['failed', 'stopped', 'interrupted'] satisfies TurnOutcome['status'][]

/**
 * Wraps the store so that each message a client reads says how its turn ended, if it failed, was
 * stopped or was interrupted. The newest run of the turn decides.
 */
export function withTurnOutcomes(store: Store, caller: { userId: string }): Store {
  return {
    ...store,
    listItems: async (threadId, query) => {
      const page = await store.listItems(threadId, query)
      return query.visible ? { ...page, data: await attachOutcomes(caller, threadId, page.data) } : page
    },
  }
}

async function attachOutcomes(
  caller: { userId: string },
  threadId: string,
  items: ThreadItem[],
): Promise<ThreadItem[]> {
  const messages = items.flatMap((item) => (item.type === 'user_message' ? item.id : []))
  if (messages.length === 0) return items
  const rows = await runStatementAs<Row>(
    caller,
    Prisma.sql`
      SELECT DISTINCT ON (turn_id) turn_id AS "turnId", status, error_message AS "errorMessage", allow_retry AS "allowRetry" FROM runs
      WHERE owner_id = ${caller.userId} AND thread_id = ${threadId} AND turn_id = ANY(${messages})
      ORDER BY turn_id, created_at DESC`,
  )
  const outcomes = new Map(
    rows.filter(({ status }) => OUTCOMES.includes(status)).map((row) => [row.turnId, toOutcome(row)]),
  )
  return items.map((item) => {
    const outcome = item.type === 'user_message' ? outcomes.get(item.id) : undefined
    return outcome ? { ...item, outcome } : item
  }) as ThreadItem[]
}

function toOutcome({ status, errorMessage, allowRetry }: Row): TurnOutcome {
  return {
    status: status as TurnOutcome['status'],
    ...(errorMessage && { message: errorMessage }),
    allow_retry: allowRetry ?? true,
  }
}
