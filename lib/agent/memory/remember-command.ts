import { mayRemember } from '#lib/agent/memory/may-remember.ts'
import { makeAnsweredCard } from '#lib/agent/memory/memory-card.ts'
import { type ItemContext, makeItem } from '#lib/agent/stream/item-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { addMemory, requireMemoryText } from '#lib/data/people/memories.ts'
import { deriveId } from '#lib/platform/ids.ts'

const COMMAND = /^\/remember(?:\s+([\s\S]*))?$/i

/** What a message `/remember …` wants to be remembered; undefined for any other message. */
export function readRememberCommand(message: UserMessageItem | null): string | undefined {
  const [part, more] = message?.content ?? []
  // A tag's words are not the person's own.
  if (part?.type !== 'input_text' || more !== undefined || message?.attachments.length !== 0) return undefined
  const found = COMMAND.exec(part.text.trim())
  return found ? (found[1] ?? '') : undefined
}

/** Remembers what the person wrote after `/remember`, without a model. Throws for unfit words. */
export async function* rememberOnRequest(
  caller: { userId: string },
  { thread, message, making }: { thread: Thread; message: UserMessageItem; making: ItemContext },
  words: string,
): AsyncGenerator<ThreadStreamEvent> {
  if (!(await mayRemember(caller, thread))) {
    yield {
      ...{ type: 'notice', level: 'warning', title: 'Not remembered' },
      message: 'Memory is switched off here. You can see your choice under Settings, Memory.',
    }
    return
  }
  const text = requireMemoryText(words)
  await addMemory(caller, text, deriveId('mem', caller.userId, message.id))
  yield {
    type: 'thread.item.done',
    item: { ...makeItem(making, 'message'), type: 'widget', widget: makeAnsweredCard(text, 'kept') },
  }
}
