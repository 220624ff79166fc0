import { openAnswer } from '#lib/agent/questions/await-answer.ts'
import { closeCard, closeRunQuestions } from '#lib/agent/questions/close-questions.ts'
import { ContinuedCalls } from '#lib/agent/questions/continued-calls.ts'
import { unsealCalls } from '#lib/agent/questions/park-calls.ts'
import { readQuestionId, readSubmission } from '#lib/agent/questions/read-submission.ts'
import { findWords } from '#lib/agent/questions/words/find-words.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act } from '#lib/chatkit/server/turn.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { answerParkedQuestion, findQuestion, type Question } from '#lib/data/runs/questions/questions.ts'
import { listPolicies } from '#lib/data/servers/policies.ts'

/**
 * Takes a person's answer to a question of a parked run, once, and goes on with the calls when all
 * questions are answered. Throws a CustomStreamError for a question that is not theirs, and for a
 * form that does not fit.
 */
export async function* answerParked(
  { thread, store, signal, action }: Parameters<Act>[0],
  context: TurnContext,
): AsyncGenerator<ThreadStreamEvent> {
  const { caller } = context
  const asked = await findQuestion(caller, thread.id, readQuestionId(action))
  if (!asked || asked.isHeld) throw new CustomStreamError('This question was not found. Ask again.')
  const [policies, person] = await Promise.all([listPolicies(caller), findPerson(caller.userId)])
  const words = findWords(person?.locale)
  const read = await readSubmission(action, asked, { policies, timeZone: person?.timeZone ?? 'UTC', words })
  if (read.problem !== undefined) throw new CustomStreamError(read.problem)
  const { won, questions, sealed, moved } = await answerParkedQuestion(caller, asked, read.stored, context.run.id)
  const now = questions.find(({ id }) => id === asked.id) ?? asked
  if (!won) return yield* tooLate(now, store, caller, words.expired)
  yield* closeCard(store, asked, words[read.stored.status])
  // Other questions of this run are still pending.
  if (questions.some(({ status }) => status === 'pending')) return
  const open = sealed === null ? null : await unsealCalls(sealed, { id: asked.runId, ownerId: caller.userId })
  if (!open) return yield* lost()
  const answers = new Map(questions.map(({ id, sealedAnswer }) => [id, sealedAnswer]))
  const calls = []
  for (const { questionId, ...call } of open.calls) {
    const [[key] = [], ...questionsLeft] = call.questions
    const answer = await openAnswer(answers.get(questionId) ?? '')
    if (key === undefined || !answer || !moved.includes(call.rowId)) continue
    calls.push({ ...call, questions: questionsLeft, answers: { ...call.answers, [key]: answer } })
  }
  if (calls.length === 0) return yield* lost()
  const continued = await ContinuedCalls.read(store, thread.id, open.runs, calls)
  yield* runTurn({ thread, store, signal, input: null }, context, { continued })
}

async function* tooLate(
  question: Question,
  store: Parameters<Act>[0]['store'],
  caller: { userId: string },
  ending: string,
): AsyncGenerator<ThreadStreamEvent> {
  const isExpired = question.status === 'expired' || question.status === 'pending'
  if (isExpired) {
    yield* closeRunQuestions(caller, store, question.runId, 'expired')
    yield* closeCard(store, question, ending)
  }
  const message = isExpired
    ? 'This question has expired. The answer was not sent; ask again.'
    : 'This question was answered before. Nothing more was done.'
  yield { type: 'notice', level: 'warning', message }
}

async function* lost(): AsyncGenerator<ThreadStreamEvent> {
  const message = 'The call that asked this has ended meanwhile. The answer was not sent; ask again.'
  yield { type: 'notice', level: 'warning', message }
}
