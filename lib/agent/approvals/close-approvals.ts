import { type APPROVAL_ACTIONS, APPROVED, closeApprovalCard } from '#lib/agent/approvals/approval-card.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { type Approval, closeApprovals, listRunsWithPendingApprovals } from '#lib/data/runs/approvals/approvals.ts'
import { expireApprovedCalls } from '#lib/data/runs/approvals/approved-calls.ts'
import { recordToolCall } from '#lib/data/runs/ledger.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import { AppError } from '#lib/platform/errors.ts'

/** What ledger, chat and model are told of a call that the person declined. */
export const DECLINED = 'The person declined this call.'

type Owner = { userId: string }

/** How an approval ends without a decision: by a new message (declined), or by time (expired). */
type Ending = 'declined' | 'expired'

const ENDINGS: Record<Ending, { card: string; call: string; run: string }> = {
  declined: {
    card: 'Not made: you wrote something else.',
    call: 'The person wrote a new message instead of approving this call.',
    run: 'A new message replaced this answer.',
  },
  expired: {
    card: 'Not made: this approval has expired.',
    call: 'The approval of this call expired.',
    run: 'The approval expired.',
  },
}

/** What a card says if its approval ended without a decision. */
export const CLOSED: Record<Ending, string> = {
  declined: ENDINGS.declined.card,
  expired: ENDINGS.expired.card,
}

/** What a card says after the person's decision. */
export const ANSWERED = {
  'approval.approve': APPROVED.once,
  'approval.always': APPROVED.always,
  'approval.deny': 'You declined this call.',
} satisfies Record<keyof typeof APPROVAL_ACTIONS, string>
/**
 * What a card says of an approved call that was never made, because the process that was to make it
 * died.
 */
export const NEVER_MADE = 'You approved this call, but the server stopped before making it. Ask again.'

/** What a card says of a call that was not made, and that the person allowed its tool for the thread. */
export function withRemembered(sentence: string, { remember }: Pick<Approval, 'remember'>): string {
  return remember ? `${sentence} ${APPROVED.always}` : sentence
}

/** Declines the pending approvals of a thread, because the person wrote a new message. */
export async function* declinePendingApprovals(
  caller: Owner,
  store: Store,
  threadId: string,
): AsyncGenerator<ThreadStreamEvent> {
  for (const runId of await listRunsWithPendingApprovals(caller, threadId))
    yield* closeRunApprovals(caller, store, runId, 'declined')
}

/** Ends all pending approvals of a parked run, and the run. */
export async function* closeRunApprovals(
  caller: Owner,
  store: Store,
  runId: string,
  ending: Ending,
): AsyncGenerator<ThreadStreamEvent> {
  const barred = await findEndOfAccess(caller, runId)
  const sentences = barred ?? ENDINGS[ending]
  const { ended, declined } = await closeApprovals(caller, runId, ending, ENDINGS[ending].run)
  for (const approval of ended) {
    yield* closeCard(store, approval, withRemembered(sentences.card, approval))
    yield* recordCallNotMade(caller, store, approval, sentences.call, barred ? 'denied' : 'declined')
  }
  for (const approval of declined) yield* recordCallNotMade(caller, store, approval, DECLINED, 'declined')
}

/**
 * The sentences about the approvals of a run that ended with its person's access; null for any
 * other run.
 */
async function findEndOfAccess(caller: Owner, runId: string): Promise<{ card: string; call: string } | null> {
  const run = await findRun(caller, runId)
  return run?.status === 'stopped' && run.errorMessage
    ? { card: `Not made: ${run.errorMessage}`, call: run.errorMessage }
    : null
}

/** Replaces the buttons of an approval's card by `ending`. Does nothing if the card was deleted. */
export async function* closeCard(
  store: Store,
  { threadId, itemId }: Approval,
  ending: string,
): AsyncGenerator<ThreadStreamEvent> {
  const item = await findItem(store, threadId, itemId)
  if (item?.type !== 'widget') return
  yield { type: 'thread.item.replaced', item: { ...item, widget: closeApprovalCard(item.widget, ending) } }
}

/**
 * Expires a run's approvals because a tool changed or is gone since the person was asked. Nothing of
 * the run is called. What the person declined stays declined.
 */
export async function* expireChangedApprovals(
  caller: Owner,
  store: Store,
  approvals: Approval[],
): AsyncGenerator<ThreadStreamEvent> {
  const changed = 'The tool changed after the approval was requested, so the decision does not count.'
  await expireApprovedCalls(caller, approvals[0]?.runId ?? '')
  const isApproved = ({ status }: Approval) => status === 'approved'
  for (const approval of approvals.filter(isApproved)) {
    yield* closeCard(store, approval, 'Expired: the tool has changed. Ask again.')
    yield* recordCallNotMade(caller, store, approval, changed, 'denied')
  }
  for (const approval of approvals.filter((one) => !isApproved(one)))
    yield* recordCallNotMade(caller, store, approval, DECLINED, 'declined')
  if (!approvals.some(isApproved)) return
  const message = 'The tool has changed, was removed or was switched off since you were asked. Ask again.'
  yield { type: 'notice', level: 'warning', title: 'Not called', message }
}

/**
 * Tells the ledger and the model that a call was not made: by the person's decision (declined) or
 * for another reason (denied).
 */
export async function* recordCallNotMade(
  caller: Owner,
  store: Store,
  approval: Approval,
  sentence: string,
  failureClass: 'declined' | 'denied',
): AsyncGenerator<ThreadStreamEvent> {
  const { threadId, runId, callId, server, tool, keptId } = approval
  const kept = await findItem(store, threadId, keptId)
  const content = kept?.type === 'hidden_context_item' ? (kept.content as KeptToolCall) : undefined
  const args = content ? JSON.parse(content.arguments) : {}
  // One write: a row without its end would mean that the outcome is unknown.
  await recordToolCall(
    { ownerId: caller.userId, via: 'chat', server, tool, arguments: args, runId, threadId, callId },
    new Date(),
    {
      status: failureClass === 'declined' ? 'declined' : 'failed',
      failureClass,
      errorMessage: sentence,
    },
  )
  if (kept?.type !== 'hidden_context_item' || !content) return
  yield {
    type: 'thread.item.replaced',
    item: {
      ...kept,
      content: { ...content, output: `The call was not made. ${sentence} (${failureClass})` } satisfies KeptToolCall,
    },
  }
}

/** The item, or undefined if it was deleted. */
export async function findItem(store: Store, threadId: string, itemId: string): Promise<ThreadItem | undefined> {
  try {
    return await store.loadItem(threadId, itemId)
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return undefined
    throw error
  }
}
