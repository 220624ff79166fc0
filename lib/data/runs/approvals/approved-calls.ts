import type { Approval, ApprovedCall } from '#lib/data/runs/approvals/approvals.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'

/**
 * A tool that the person approved in a thread, with its definition's hash at that time, and when
 * they last did.
 */
export type ApprovedTool = Pick<Approval, 'server' | 'tool' | 'toolHash' | 'remember'> & { approvedAt: Date }

/**
 * The tools that the person approved in this thread, 1000 at most. One that they allowed for its rest
 * counts also if its own call was not made, because another one beside it was not decided.
 */
export function listApprovedForThread(caller: { userId: string }, threadId: string): Promise<ApprovedTool[]> {
  return runStatementAs<ApprovedTool>(
    caller,
    Prisma.sql`
      SELECT server, tool, tool_hash AS "toolHash", remember, max(decided_at) AS "approvedAt" FROM approvals
      WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND (status = 'approved' OR remember)
      GROUP BY server, tool, tool_hash, remember LIMIT 1000`,
  )
}

/** True if the person approved this very call in this thread. Models may give two calls one id. */
export async function isCallApproved(
  caller: { userId: string },
  threadId: string,
  { callId, server, tool, toolHash, argumentsHash }: ApprovedCall,
): Promise<boolean> {
  const call = { callId, server, tool, toolHash, argumentsHash }
  const where = { threadId, ownerId: caller.userId, ...call, status: 'approved' }
  return (await withCaller(caller, (tx) => tx.approval.count({ where }))) > 0
}

/** approved -> expired: the tools have changed since the person approved them. */
export async function expireApprovedCalls(caller: { userId: string }, runId: string): Promise<void> {
  const where = { runId, ownerId: caller.userId, status: 'approved' }
  await withCaller(caller, (tx) => tx.approval.updateMany({ where, data: { status: 'expired', remember: false } }))
}
