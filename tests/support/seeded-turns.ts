import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'

/** What was said in one turn. */
export type SeededTurn = { said: string; answer?: string; between?: (base: Base) => ThreadItem[] }
type Base = { thread_id: string; created_at: string }

/** Stores turns of a thread as if they had been held. Resolves to the ids of their messages. */
export async function seedTurns(caller: Caller, thread: Pick<Thread, 'id'>, turns: SeededTurn[]): Promise<string[]> {
  const created_at = new Date().toISOString()
  const base: Base = { thread_id: thread.id, created_at }
  const messages: string[] = []
  const items = turns.flatMap(({ said, answer = 'Noted.', between }): ThreadItem[] => {
    const id = newId('msg')
    messages.push(id)
    const content = [{ type: 'input_text' as const, text: said }]
    return [
      { ...base, id, type: 'user_message', content, attachments: [], inference_options: {} },
      ...(between?.(base) ?? []),
      {
        ...{ ...base, id: newId('msg'), type: 'assistant_message' as const },
        content: [{ type: 'output_text', text: answer, annotations: [] }],
      },
    ]
  })
  const rows = items.map((item) => ({
    ...{ threadId: thread.id, ownerId: caller.userId, id: item.id, type: item.type, data: item as never },
  }))
  await withCaller(caller, (tx) => tx.threadItem.createMany({ data: rows }))
  return messages
}
