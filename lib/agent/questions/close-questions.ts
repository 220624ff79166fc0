import { findItem } from '#lib/agent/approvals/close-approvals.ts'
import { closeQuestionCard } from '#lib/agent/questions/question-card.ts'
import { findWords } from '#lib/agent/questions/words/find-words.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { findPerson } from '#lib/data/people/users.ts'
import {
  closeParkedQuestions,
  listRunsWithPendingQuestions,
  type Question,
} from '#lib/data/runs/questions/questions.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import { settleToolCall } from '#lib/data/runs/settle-tool-call.ts'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { EFFECT } from '#lib/mcp-client/failures/mcp-failure.ts'

type Owner = { userId: string }
type Unanswered = { toolCallId: string; onlyReads: boolean }

const SENTENCES = {
  cancelled: {
    card: 'replaced',
    call: 'The person wrote a new message instead of answering what the tool asked.',
    run: 'A new message replaced this answer.',
  },
  expired: {
    card: 'expired',
    call: 'The person did not answer in time what the tool asked.',
    run: 'What a tool asked was not answered in time.',
  },
} as const

/** Cancels the pending questions of a thread, because the person wrote a new message. */
export async function* cancelPendingQuestions(
  caller: Owner,
  store: Store,
  threadId: string,
): AsyncGenerator<ThreadStreamEvent> {
  for (const runId of await listRunsWithPendingQuestions(caller, threadId))
    yield* closeRunQuestions(caller, store, runId, 'cancelled')
}

/**
 * Ends the pending questions of a parked run, and the run. Its calls may have taken effect before
 * they asked, so they end as unknown, except those that only read.
 */
export async function* closeRunQuestions(
  caller: Owner,
  store: Store,
  runId: string,
  ending: 'cancelled' | 'expired',
): AsyncGenerator<ThreadStreamEvent> {
  const run = await findRun(caller, runId)
  const barred = run?.status === 'stopped' && run.errorMessage ? run.errorMessage : undefined
  const sentence = barred ?? SENTENCES[ending].call
  const words = findWords((await findPerson(caller.userId))?.locale)
  const closed = await closeParkedQuestions(caller, runId, ending, SENTENCES[ending].run)
  for (const question of closed) {
    const isOpen = question.status === ending
    if (isOpen) yield* closeCard(store, question, barred ? `Not answered: ${barred}` : words[SENTENCES[ending].card])
    await endCallUnanswered(caller, question, 'input_required', sentence)
    yield* tellModel(store, question, toUnanswered(question, sentence, 'input_required'))
  }
}

/** Ends a call in the ledger whose answer is not sent. */
export async function endCallUnanswered(
  caller: Owner,
  { toolCallId, onlyReads }: Unanswered,
  failureClass: FailureClass,
  sentence: string,
): Promise<void> {
  const status = onlyReads ? 'failed' : 'unknown'
  const errorMessage = onlyReads ? sentence : `${sentence} ${EFFECT}`
  await settleToolCall({ id: toolCallId, ownerId: caller.userId }, { status, failureClass, errorMessage })
}

/** What the model reads of a call whose answer is not sent. */
export function toUnanswered(
  { onlyReads }: Pick<Unanswered, 'onlyReads'>,
  sentence: string,
  failureClass: FailureClass,
): string {
  return `The call did not end. ${sentence}${onlyReads ? '' : ` ${EFFECT}`} (${failureClass})`
}

/** Replaces the form of a question's card by `ending`. Does nothing if the card was deleted. */
export async function* closeCard(
  store: Store,
  { threadId, itemId }: Pick<Question, 'threadId' | 'itemId'>,
  ending: string,
): AsyncGenerator<ThreadStreamEvent> {
  const item = await findItem(store, threadId, itemId)
  if (item?.type !== 'widget') return
  yield { type: 'thread.item.replaced', item: { ...item, widget: closeQuestionCard(item.widget, ending) } }
}

async function* tellModel(
  store: Store,
  { threadId, keptId }: Question,
  output: string,
): AsyncGenerator<ThreadStreamEvent> {
  const item = keptId === null ? undefined : await findItem(store, threadId, keptId)
  if (item?.type !== 'hidden_context_item') return
  const content: KeptToolCall = { ...(item.content as KeptToolCall), output }
  yield { type: 'thread.item.replaced', item: { ...item, content } }
}
