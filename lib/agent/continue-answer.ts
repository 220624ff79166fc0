import { isCutCard } from '#lib/agent/cards/cut-card.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { findLastTurn } from '#lib/chatkit/server/operations/last-turn.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act } from '#lib/chatkit/server/turn.ts'

const GO_ON =
  'Your answer above was cut off, and the person wants the rest. Continue exactly where it stops. Do not introduce or repeat anything.'

/**
 * Asks the model for the rest of an answer that was cut off, and removes the card that offered
 * this. Throws a CustomStreamError if the card does not belong to the last answer.
 */
export async function* continueAnswer(
  { thread, sender, store, signal }: Parameters<Act>[0],
  context: TurnContext,
): AsyncGenerator<ThreadStreamEvent> {
  if (!sender || !isCutCard(sender)) throw new CustomStreamError('This button no longer works. Ask again.')
  const { after } = await findLastTurn(store, thread.id)
  if (!after.some(({ id }) => id === sender.id)) throw new CustomStreamError('This was some time ago. Ask again.')
  yield { type: 'thread.item.removed', item_id: sender.id }
  const created_at = new Date().toISOString()
  const id = store.newItemId('hidden_context')
  yield {
    type: 'thread.item.done',
    item: { id, thread_id: thread.id, created_at, type: 'hidden_context_item', content: GO_ON },
  }
  yield* runTurn({ thread, input: null, store, signal }, context)
}
