import { declinePendingApprovals } from '#lib/agent/approvals/close-approvals.ts'
import { type AgentEdges, type AgentRun, runTurn } from '#lib/agent/run-turn.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/**
 * Answers one turn (see `runTurn`). A new message first declines the thread's pending approvals.
 */
export async function* answerMessage(
  turn: Turn,
  context: { caller: Caller; run: AgentRun },
  edges: AgentEdges = {},
): AsyncGenerator<ThreadStreamEvent> {
  if (turn.input) yield* declinePendingApprovals(context.caller, turn.store, turn.thread.id)
  yield* runTurn(turn, context, edges)
}
