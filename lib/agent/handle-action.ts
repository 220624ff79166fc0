import { answerAgain } from '#lib/agent/answer-again.ts'
import { answerParked } from '#lib/agent/answer-parked.ts'
import { APPROVAL_ACTIONS } from '#lib/agent/approvals/approval-card.ts'
import {
  ANSWERED,
  CLOSED,
  closeCard,
  closeRunApprovals,
  findItem,
  withRemembered,
} from '#lib/agent/approvals/close-approvals.ts'
import { unsealState } from '#lib/agent/approvals/park-run.ts'
import { ResumedRun } from '#lib/agent/approvals/resumed-run.ts'
import { CONNECTED_RETRY } from '#lib/agent/cards/connect-card.ts'
import { CONTINUE } from '#lib/agent/cards/cut-card.ts'
import { continueAnswer } from '#lib/agent/continue-answer.ts'
import { answerMemory, isMemoryAction } from '#lib/agent/memory/answer-memory.ts'
import { isQuestionAction } from '#lib/agent/questions/read-submission.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import { callFromWidget, resumeWidgetCall, TOOL_ACTION } from '#lib/agent/tool-action.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act } from '#lib/chatkit/server/turn.ts'
import { type Approval, answerApproval, findApproval } from '#lib/data/runs/approvals/approvals.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

type ActTurn = Parameters<Act>[0]

/**
 * Carries out the action of a widget's button. Throws a CustomStreamError if the action is unknown
 * or no longer valid.
 */
export function handleAction(turn: ActTurn, context: TurnContext): AsyncGenerator<ThreadStreamEvent> {
  const { type, payload } = turn.action
  if (type === TOOL_ACTION) return callFromWidget(turn, context)
  if (type === CONNECTED_RETRY) return answerAgain(turn, context)
  if (type === CONTINUE) return continueAnswer(turn, context)
  if (isMemoryAction(type)) return answerMemory(turn, context)
  if (isQuestionAction(type)) return answerParked(turn, context)
  if (!Object.hasOwn(APPROVAL_ACTIONS, type)) throw new CustomStreamError('This button does nothing here.')
  const id = (payload as { approval?: unknown } | null | undefined)?.approval
  return decide(turn, context, type as keyof typeof APPROVAL_ACTIONS, String(id))
}

async function* decide(
  { thread, store, signal }: ActTurn,
  context: TurnContext,
  action: keyof typeof APPROVAL_ACTIONS,
  id: string,
): AsyncGenerator<ThreadStreamEvent> {
  const { caller } = context
  const asked = await findApproval(caller, thread.id, id)
  if (!asked) throw new CustomStreamError('This approval was not found. Ask again.')
  const decision = APPROVAL_ACTIONS[action]
  const { won, approvals, sealed } = await answerApproval(caller, asked, decision, action === 'approval.always')
  if (won) yield* closeCard(store, asked, ANSWERED[action])
  if (approvals.some(isLate)) return yield* closeLateApproval(caller, store, approvals)
  // Other approvals of this run are still pending.
  if (won && approvals.some(({ status }) => status === 'pending')) return
  const open = sealed === null ? null : await unsealState(sealed, { id: asked.runId, ownerId: caller.userId })
  const answered = approvals.find((approval) => approval.id === id)
  if (!open || !answered) return yield* tooLate(answered?.status)
  const here = { thread, store, signal }
  if ('call' in open) return yield* resumeWidgetCall(answered, open.call, here, context)
  const resumed = new ResumedRun({ caller, store, ...open }, await findParkedCalls(store, approvals))
  yield* runTurn({ ...here, input: null }, context, { resumed })
}

function isLate({ status, expiresAt }: Approval): boolean {
  return status === 'expired' || (status === 'pending' && expiresAt <= new Date())
}

async function* closeLateApproval(
  caller: Caller,
  store: Store,
  approvals: Approval[],
): AsyncGenerator<ThreadStreamEvent> {
  for (const runId of new Set(approvals.map((approval) => approval.runId)))
    yield* closeRunApprovals(caller, store, runId, 'expired')
  for (const approval of approvals)
    if (approval.status === 'expired') yield* closeCard(store, approval, withRemembered(CLOSED.expired, approval))
  yield* tooLate('expired')
}

async function* tooLate(status: string | undefined): AsyncGenerator<ThreadStreamEvent> {
  const message =
    status === 'expired'
      ? 'This approval has expired. Nothing was called; ask again.'
      : 'This approval was decided before. Nothing more was done.'
  yield { type: 'notice', level: 'warning', message }
}

/**
 * The calls behind these approvals, as the thread keeps them. A call whose item was deleted is left
 * out.
 */
async function findParkedCalls(
  store: Store,
  approvals: Approval[],
): Promise<{ approval: Approval; kept: KeptToolCall }[]> {
  const asked = await Promise.all(
    approvals.map(async (approval) => {
      const item = await findItem(store, approval.threadId, approval.keptId)
      return item?.type === 'hidden_context_item' ? [{ approval, kept: item.content as KeptToolCall }] : []
    }),
  )
  return asked.flat()
}
