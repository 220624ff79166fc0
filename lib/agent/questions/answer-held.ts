import { findItem } from '#lib/agent/approvals/close-approvals.ts'
import { toEnding } from '#lib/agent/questions/current-questions.ts'
import { closeQuestionCard } from '#lib/agent/questions/question-card.ts'
import { isQuestionAction, readQuestionId, readSubmission } from '#lib/agent/questions/read-submission.ts'
import { findWords } from '#lib/agent/questions/words/find-words.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Action } from '#lib/chatkit/protocol/requests.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { answerHeldQuestion, findQuestion, listQuestionStates } from '#lib/data/runs/questions/questions.ts'
import { listPolicies } from '#lib/data/servers/policies.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'

/** True for the actions that answer a question while its call stays open. */
export function answersHeldQuestion({ type }: Action): boolean {
  return isQuestionAction(type)
}

/**
 * Takes a person's answer to a question for which a call is held open, on any replica. Returns the
 * closed card. Throws not_found for a question that is not theirs, bad_request for a form that does
 * not fit.
 */
export function makeAnswerHeld(caller: Caller): NonNullable<Deps<unknown>['actSync']> {
  return async ({ thread, action, store }): Promise<ThreadItem | null> => {
    const question = await findQuestion(caller, thread.id, readQuestionId(action))
    if (!question) throw notFound('The question')
    const [policies, person] = await Promise.all([listPolicies(caller), findPerson(caller.userId)])
    const words = findWords(person?.locale)
    const read = await readSubmission(action, question, { policies, timeZone: person?.timeZone ?? 'UTC', words })
    if (read.problem !== undefined) throw new AppError('bad_request', read.problem)
    const won = await answerHeldQuestion(caller, question.id, read.stored)
    const item = await findItem(store, thread.id, question.itemId)
    if (item?.type !== 'widget') return null
    // The run replaces the card in the thread: only it may write there while it works.
    if (won) return { ...item, widget: closeQuestionCard(item.widget, words[read.stored.status]) }
    const [state] = await listQuestionStates(caller, thread.id, [question.itemId])
    return { ...item, widget: closeQuestionCard(item.widget, words[toEnding(state) ?? 'lost']) }
  }
}
