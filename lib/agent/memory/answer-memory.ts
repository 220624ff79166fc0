import { mayRemember } from '#lib/agent/memory/may-remember.ts'
import { findPendingFact, MEMORY_ACTIONS, makeAnsweredCard } from '#lib/agent/memory/memory-card.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act } from '#lib/chatkit/server/turn.ts'
import { addMemory } from '#lib/data/people/memories.ts'
import { deriveId } from '#lib/platform/ids.ts'

export function isMemoryAction(type: string): boolean {
  return (MEMORY_ACTIONS as readonly string[]).includes(type)
}

/**
 * Carries out the person's answer to a memory card. The fact is the one that the stored card shows,
 * whatever the browser sends. Throws a CustomStreamError if the card is not pending.
 */
export async function* answerMemory(
  { action: { type }, sender, thread }: Parameters<Act>[0],
  { caller }: TurnContext,
): AsyncGenerator<ThreadStreamEvent> {
  const fact = findPendingFact(sender)
  if (!sender || fact === undefined) throw new CustomStreamError('This was answered before.')
  const isKept = type === 'memory.keep'
  if (isKept) {
    if (!(await mayRemember(caller, thread)))
      throw new CustomStreamError('Memory is switched off. You can see your choice under Settings, Memory.')
    await addMemory(caller, fact, deriveId('mem', caller.userId, sender.id))
  }
  yield {
    type: 'thread.item.replaced',
    item: { ...sender, widget: makeAnsweredCard(fact, isKept ? 'kept' : 'dropped') },
  }
}
