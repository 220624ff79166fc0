import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import { processChatKit } from '#lib/chatkit/server/process-request.ts'
import { message, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { memoryStore } from '#tests/support/chatkit/memory-store.ts'

/**
 * A ChatKit server on a store in memory, without HTTP or runs: what `lib/chatkit` does by itself.
 */
export function chatKitServer<Context = void>(extra: Partial<Deps<Context>> = {}, context?: Context) {
  const store = memoryStore()
  const deps: Deps<Context> = {
    store,
    limits: { messageMaxChars: 1_000 },
    respond: (turn) => message(turn, ['ok']),
    ...extra,
  }

  /** Sends one operation and reads the whole answer. Throws the server's refusal. */
  async function ask(
    type: string,
    params: object,
  ): Promise<{ data: Record<string, unknown>; events: ThreadStreamEvent[] }> {
    const answer = await processChatKit<Context>({ type, params }, deps)
    if (answer.kind === 'json') return { data: answer.data as Record<string, unknown>, events: [] }
    const events: ThreadStreamEvent[] = []
    if (answer.kind === 'attached') for await (const { event } of answer.events) events.push(event)
    else
      for await (const event of (await answer.begin())(new AbortController().signal, context as Context))
        events.push(event)
    return { data: {}, events }
  }

  /** Creates a thread with one message, its answer and these items. Returns its id. */
  async function begin(...items: object[]): Promise<string> {
    const thread_id = threadOf(await ask('threads.create', { input: typed('hi') }))
    for (const item of items)
      await store.addItem(thread_id, { thread_id, created_at: new Date().toISOString(), ...item } as ThreadItem)
    return thread_id
  }

  return { store, ask, begin }
}
