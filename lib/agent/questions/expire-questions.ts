import { expireWaitingRuns } from '#lib/agent/expire-waiting-runs.ts'
import { closeRunQuestions } from '#lib/agent/questions/close-questions.ts'
import { listRunsWithExpiredQuestions } from '#lib/data/runs/questions/questions.ts'

/**
 * Ends the runs whose questions were not answered in time. Resolves to the number of runs that were
 * ended.
 */
export function expireQuestions(): Promise<number> {
  return expireWaitingRuns({ what: 'questions', list: listRunsWithExpiredQuestions, close: closeRunQuestions })
}
