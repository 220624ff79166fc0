import { findConnectCardServer } from '#lib/agent/cards/connect-card.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { isHidden } from '#lib/chatkit/protocol/items.ts'
import { findLastTurn } from '#lib/chatkit/server/operations/last-turn.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act } from '#lib/chatkit/server/turn.ts'

/**
 * Answers the message above a Connect card again, as a retry of that message does: the items after
 * the message are removed. Throws a CustomStreamError if the card does not belong to the thread's
 * last answer.
 */
export async function* answerAgain(
  { thread, sender, store, signal }: Parameters<Act>[0],
  context: TurnContext,
): AsyncGenerator<ThreadStreamEvent> {
  if (!sender || findConnectCardServer(sender) === undefined)
    throw new CustomStreamError('This button no longer works. Ask again.')
  const { message, after } = await findLastTurn(store, thread.id)
  if (!message || !after.some(({ id }) => id === sender.id))
    throw new CustomStreamError('This was some time ago. Ask again.')
  for (const item of after) {
    if (isHidden(item)) await store.deleteItem(thread.id, item.id)
    else yield { type: 'thread.item.removed', item_id: item.id }
  }
  yield* runTurn({ thread, input: message, store, signal }, context)
}
