import { makeChatKitRoute } from '#app/api/chatkit/chatkit-route.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { AssistantMessageItem, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Act, Respond, Turn } from '#lib/chatkit/server/turn.ts'

export type Reply = { status: number; headers: Headers; events: ThreadStreamEvent[]; data: Record<string, unknown> }
export type Door = (body: unknown, headers?: Record<string, string>) => Promise<Reply>

/**
 * The ChatKit endpoint for one signed-in browser, with a scripted `respond`. The whole response is
 * read.
 */
export function door(
  person: { headers: { cookie: string } },
  respond: Respond<TurnContext> = say('Hello.'),
  act?: Act<TurnContext>,
): Door {
  const open = openDoor(person, respond, act)
  return async (body, headers) => readReply(await open(body, headers))
}

/** The same with the raw response, for streams that are read in part. */
export function openDoor(
  person: { headers: { cookie: string } },
  respond: Respond<TurnContext>,
  act?: Act<TurnContext>,
) {
  const post = makeChatKitRoute({ respond, act })
  return (body: unknown, headers: Record<string, string> = {}) =>
    post(
      new Request('http://127.0.0.1:3999/api/chatkit', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...person.headers, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    )
}

/** Reads a response to its end. */
export async function readReply(response: Response): Promise<Reply> {
  const text = await response.text()
  const streamed = response.headers.get('content-type')?.startsWith('text/event-stream')
  const events = streamed ? parseEvents(text) : []
  return { status: response.status, headers: response.headers, events, data: streamed ? {} : JSON.parse(text) }
}

export function parseEvents(text: string): ThreadStreamEvent[] {
  const frames = text
    .replaceAll(/^: ping\n/gm, '')
    .split('\n\n')
    .filter(Boolean)
  return frames.map((frame) => JSON.parse(frame.replace(/^data: /, '')))
}

/** A `respond` that streams one message in pieces. */
export function say(...pieces: string[]): Respond<TurnContext> {
  return async function* (turn) {
    yield* message(turn, pieces)
  }
}

/** The events of an assistant message, as the agent streams them. */
export async function* message(
  { thread, store }: Pick<Turn, 'thread' | 'store'>,
  pieces: string[],
): AsyncGenerator<ThreadStreamEvent> {
  const item: AssistantMessageItem = {
    id: store.newItemId('message'),
    thread_id: thread.id,
    created_at: new Date().toISOString(),
    type: 'assistant_message',
    content: [],
  }
  const content = { type: 'output_text' as const, text: pieces.join(''), annotations: [] }
  yield { type: 'thread.item.added', item }
  yield {
    type: 'thread.item.updated',
    item_id: item.id,
    update: { type: 'assistant_message.content_part.added', content_index: 0, content: { ...content, text: '' } },
  }
  for (const delta of pieces)
    yield {
      type: 'thread.item.updated',
      item_id: item.id,
      update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta },
    }
  yield { type: 'thread.item.done', item: { ...item, content: [content] } }
}

/** A person's message, as the params of a request. */
export function typed(text: string, more: Record<string, unknown> = {}) {
  return { content: [{ type: 'input_text', text }], attachments: [], inference_options: {}, ...more }
}

/** The thread that a `threads.create` made. */
export function threadOf({ events }: { events: ThreadStreamEvent[] }): string {
  const created = events.find((event) => event.type === 'thread.created')
  if (!created) throw new Error('no thread was created')
  return created.thread.id
}

/** The types of events, with item types: `thread.item.done assistant_message`. */
export function kinds(events: ThreadStreamEvent[]): string[] {
  return events.map((event) => ('item' in event ? `${event.type} ${event.item.type}` : event.type))
}

/** The text of an assistant message. */
export function textOf(item: ThreadItem | undefined): string {
  return item?.type === 'assistant_message' ? item.content.map(({ text }) => text).join('') : ''
}
