import { makeChatKitRoute } from '#app/api/chatkit/chatkit-route.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { AgentEdges } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type {
  AssistantMessageItem,
  Attachment,
  TagContent,
  ThreadItem,
  WorkflowItem,
} from '#lib/chatkit/protocol/items.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { CustomStreamError, StreamError } from '#lib/chatkit/server/stream-errors.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { readBodyEvents } from '#lib/platform/http/sent-events.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'
import { sessionCookieOf } from '#tests/support/people/people.ts'

/** The result of one turn of a conversation: what the client was sent, and what the run's row says. */
export type TurnResult = {
  /** The events of the answer: those after `stream_options`. */
  events: ThreadStreamEvent[]
  /** The error event, as the agent threw it. */
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

type Options = {
  signal?: AbortSignal
  onEvent?: (event: ThreadStreamEvent) => void
  attachments?: Attachment[]
  /** Stand before the text. */
  tags?: TagContent[]
  /** A part of the conversation that the message quotes. */
  quoted?: string
}

/** A thread of one person, whose messages go through the real door: one POST each, answered by the real agent. */
export async function conversation(caller: Caller, edges: AgentEdges = {}) {
  const post = makeChatKitRoute({ respond: runTurn, act: handleAction, ...edges })
  const cookie = await sessionCookieOf(caller.userId, caller.via === 'session' ? caller.sessionVersion : 1)
  const headers = { 'content-type': 'application/json', cookie }
  const send = (type: string, params: object) =>
    post(
      new Request('http://127.0.0.1:3999/api/chatkit', {
        method: 'POST',
        headers,
        body: JSON.stringify({ type, params }),
      }),
    )
  const store = createPrismaStore(caller)
  const created_at = new Date().toISOString()
  // It has a title, because naming it would be one more request to the model.
  const thread: Thread = {
    id: store.newThreadId(),
    created_at,
    status: { type: 'active' },
    metadata: {},
    title: 'A test',
  }
  await store.saveThread(thread)

  /** Sends a message and reads the answer as it streams. `signal` stops it, as the person would. */
  async function say(
    text: string,
    { signal, onEvent, attachments = [], tags = [], quoted }: Options = {},
  ): Promise<TurnResult> {
    const content = [...tags, ...typed(text).content]
    const input = typed(text, {
      attachments: attachments.map(({ id }) => id),
      ...(tags.length > 0 && { content }),
      ...(quoted !== undefined && { quoted_text: quoted }),
    })
    return read('threads.add_user_message', { input }, { signal, onEvent })
  }

  /** Asks for the answer to this message again. */
  const retry = (item_id: string): Promise<TurnResult> => read('threads.retry_after_item', { item_id })

  async function read(
    type: string,
    params: object,
    { signal, onEvent }: Pick<Options, 'signal' | 'onEvent'> = {},
  ): Promise<TurnResult> {
    const response = await send(type, { thread_id: thread.id, ...params })
    if (response.status !== 200 || !response.body) throw new Error(`${response.status}: ${await response.text()}`)
    const stop = () => void send('threads.stop', { thread_id: thread.id })
    signal?.addEventListener('abort', stop, { once: true })
    const events: ThreadStreamEvent[] = []
    let isAnswer = false
    for await (const { data } of readBodyEvents(response.body)) {
      const event: ThreadStreamEvent = JSON.parse(data)
      if (isAnswer) {
        events.push(event)
        onEvent?.(event)
      }
      isAnswer ||= event.type === 'stream_options'
    }
    signal?.removeEventListener('abort', stop)
    const runId = response.headers.get('x-run-id') ?? ''
    return { runId, ...summarize(events), ...(await readRun(caller, runId)) }
  }

  const items = async (): Promise<ThreadItem[]> => (await store.listItems(thread.id, { limit: 100, order: 'asc' })).data
  return { say, retry, store, thread, items }
}

function summarize(
  events: ThreadStreamEvent[],
): Pick<TurnResult, 'events' | 'error' | 'text' | 'messages' | 'workflows'> {
  const done = events.flatMap((event) => (event.type === 'thread.item.done' ? event.item : []))
  const messages = done.filter((item) => item.type === 'assistant_message')
  const workflows = done.filter((item) => item.type === 'workflow')
  const text = messages.flatMap(({ content }) => content.map((part) => part.text)).join('\n')
  const failure = events.find((event) => event.type === 'error')
  if (!failure) return { events, messages, workflows, text }
  const error =
    failure.code === 'custom'
      ? new CustomStreamError(failure.message ?? '', failure.allow_retry)
      : new StreamError(failure.code, failure.allow_retry)
  return { events, messages, workflows, text, error }
}

/** What the run reported. Nothing, if a test took the database away. */
async function readRun(caller: Caller, id: string): Promise<Pick<TurnResult, 'facts' | 'failed' | 'waits'>> {
  const run = await withCaller(caller, (tx) => tx.run.findUnique({ where: { id } })).catch(() => null)
  if (!run) return { facts: {} }
  const { model, inputTokens, outputTokens, modelCalls, status, failureClass, errorMessage, failureDetail } = run
  const facts = Object.fromEntries(
    Object.entries({ model, inputTokens, outputTokens, modelCalls }).filter(([, value]) => value !== null),
  )
  const detail = failureDetail as FailureDetail | null
  return {
    facts,
    ...(status === 'failed' && {
      failed: { failureClass: failureClass ?? '', message: errorMessage ?? '', ...(detail && { detail }) },
    }),
    ...(status === 'waiting' && { waits: true }),
  }
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
