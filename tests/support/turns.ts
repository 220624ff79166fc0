import { runTurn } from '#lib/agent/run-turn.ts'
import type { AgentEdges } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type {
  AssistantMessageItem,
  Attachment,
  ThreadItem,
  UserMessageItem,
  WorkflowItem,
} from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import type { FailureDetail } from '#lib/data/runs/run-failures.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'

/** The result of one turn of a conversation. */
export type TurnResult = {
  events: ThreadStreamEvent[]
  error?: Error
  runId: string
  facts: { model?: string; inputTokens?: number; outputTokens?: number; modelCalls?: number }
  failed?: { failureClass: string; message: string; detail?: FailureDetail }
  /** The run is parked until a person decides. */
  waits?: boolean
  /** The text of all assistant messages that were done. */
  text: string
  messages: AssistantMessageItem[]
  workflows: WorkflowItem[]
}

/**
 * A thread of one person on the real store, to whose turns `respond` answers: the pipeline's
 * storing without its HTTP.
 */
export async function conversation(caller: Caller, edges: AgentEdges = {}) {
  const store: Store = createPrismaStore(caller)
  const thread: Thread = {
    id: store.newThreadId(),
    created_at: new Date().toISOString(),
    status: { type: 'active' },
    metadata: {},
  }
  await store.saveThread(thread)

  async function say(
    text: string,
    {
      signal = new AbortController().signal,
      onEvent = (_: ThreadStreamEvent) => {},
      attachments = [] as Attachment[],
    } = {},
  ): Promise<TurnResult> {
    const input: UserMessageItem = {
      id: store.newItemId('message'),
      thread_id: thread.id,
      created_at: new Date().toISOString(),
      type: 'user_message',
      content: [{ type: 'input_text', text }],
      attachments,
      inference_options: {},
    }
    await store.addItem(thread.id, input)
    const endRun = (status: 'waiting' | 'done') =>
      withCaller(caller, (tx) =>
        tx.run.updateMany({ where: { threadId: thread.id, status: 'running' }, data: { status } }),
      )
    await endRun('done')
    const runId = newId('run')
    await withCaller(caller, (tx) =>
      tx.run.create({
        data: {
          id: runId,
          ownerId: caller.userId,
          threadId: thread.id,
          requestId: 'req',
          operation: 'test',
          status: 'running',
        },
      }),
    )
    const result: TurnResult = { events: [], runId, facts: {}, text: '', messages: [], workflows: [] }
    const run = {
      id: runId,
      threadId: thread.id,
      signal,
      report: (facts: TurnResult['facts']) => void Object.assign(result.facts, facts),
      fail: (failureClass: string, message: string, detail?: FailureDetail) => {
        result.failed ??= { failureClass, message, ...(detail && { detail }) }
      },
      wait: () => {
        result.waits = true
      },
    }
    try {
      for await (const event of runTurn({ thread, input, store, signal }, { ...edges, caller, run })) {
        result.events.push(event)
        if (event.type === 'thread.item.done') await store.addItem(thread.id, event.item)
        onEvent(event)
      }
    } catch (error) {
      result.error = error as Error
    }
    // A test may have taken the database away, which the turn has already reported.
    await endRun(result.waits ? 'waiting' : 'done').catch(() => undefined)
    const done = result.events.flatMap((event) => (event.type === 'thread.item.done' ? event.item : []))
    result.messages = done.filter((item) => item.type === 'assistant_message')
    result.workflows = done.filter((item) => item.type === 'workflow')
    result.text = result.messages.flatMap(({ content }) => content.map(({ text }) => text)).join('\n')
    return result
  }

  const items = async (): Promise<ThreadItem[]> => (await store.listItems(thread.id, { limit: 100, order: 'asc' })).data
  return { say, store, thread, items }
}

/** Items that were added but neither done nor removed. There must be none, however a turn ends. */
export function halfOpen(events: ThreadStreamEvent[]): string[] {
  const open = new Set<string>()
  for (const event of events) {
    if (event.type === 'thread.item.added') open.add(event.item.id)
    if (event.type === 'thread.item.done') open.delete(event.item.id)
    if (event.type === 'thread.item.removed') open.delete(event.item_id)
  }
  return [...open]
}
