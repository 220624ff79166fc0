import type { Question } from '#lib/data/runs/questions/questions.ts'
import type { ToolCallScope } from '#lib/data/runs/tool-calls.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'

const MAX = 50

/** A question that a server asked during a call, and how it was answered, as far as that is kept. */
export type CallQuestion = Pick<Question, 'id' | 'status' | 'createdAt' | 'answeredAt' | 'answer'> & {
  asked: { mode?: unknown; message?: unknown; host?: unknown; requestedSchema?: unknown }
}

/** The questions of a call of the ledger, the first one first, 50 at most. */
export async function listCallQuestions(scope: ToolCallScope, toolCallId: string): Promise<CallQuestion[]> {
  const ask = {
    orderBy: [{ createdAt: 'asc' as const }, { id: 'asc' as const }],
    take: MAX,
    select: { id: true, status: true, createdAt: true, answeredAt: true, answer: true, asked: true },
  }
  const rows =
    'admin' in scope
      ? await withSystem('admin', (tx) => tx.question.findMany({ where: { toolCallId }, ...ask }))
      : await withCaller(scope.caller, (tx) =>
          tx.question.findMany({ where: { toolCallId, ownerId: scope.caller.userId }, ...ask }),
        )
  return rows.map((row) => ({
    ...row,
    status: row.status as Question['status'],
    asked: (row.asked ?? {}) as CallQuestion['asked'],
  }))
}
