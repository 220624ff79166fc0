import { refuseIfUsedUp, type UsageAccount } from '#lib/agent/models/usage/request-meter.ts'
import type { OpenTurn } from '#lib/agent/open-turn.ts'
import type { TurnLine } from '#lib/agent/stream/turn-line.ts'

/**
 * The account of an assistant's answers in a turn: kept with its run, and its person sees the
 * warnings in the chat.
 */
export function makeTurnAccount(
  { context: { caller, run }, steps }: OpenTurn,
  line: TurnLine,
  assistant: string,
): UsageAccount {
  line.beforeRetry = () => refuseIfUsedUp(caller.userId)
  return {
    about: { ownerId: caller.userId, threadId: run.threadId, runId: run.id, purpose: 'answer', assistant },
    keep: (request) => run.keepRequest(request),
    warn: (message) => steps.push((turn) => turn.show({ type: 'notice', level: 'warning', message })),
    line,
  }
}
