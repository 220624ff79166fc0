import { expireApprovals } from '#lib/data/approvals.ts'
import { endWaiting } from '#lib/data/runs.ts'

/** Ends the runs whose question nobody answered for a day. Their cards learn it when somebody looks for an answer's effect. */
export async function expireQuestions(): Promise<number> {
  const runs = await expireApprovals()
  for (const { runId: id, ownerId } of runs) await endWaiting({ id, ownerId }, 'stopped', 'Nobody answered in time.')
  return runs.length
}
