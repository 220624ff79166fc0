import { readFileSync } from 'node:fs'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { toMessageText } from '#lib/chatkit/server/title.ts'
import type { Act, Respond, Turn } from '#lib/chatkit/server/turn.ts'
import { streamWidget } from '#lib/chatkit/server/widgets/stream-widget.ts'
import { WidgetTemplate } from '#lib/chatkit/server/widgets/widget-template.ts'

const weather = WidgetTemplate.parse(readFileSync(new URL('weather.widget', import.meta.url), 'utf8'))

/** Answers with a widget, asks the page for its time zone by a client tool, or says what it heard. Your model goes here. */
export const respond: Respond = async function* ({ thread, input, store }) {
  const text = input ? toMessageText(input) : ''
  const head = { id: store.newItemId('message'), thread_id: thread.id, created_at: new Date().toISOString() }
  if (!input)
    yield {
      type: 'thread.item.done',
      item: toAnswer(head, `Your time zone is ${await findTimeZone(thread.id, store)}.`),
    }
  else if (/weather/i.test(text)) {
    const place = { thread, newItemId: () => store.newItemId('message') }
    yield* streamWidget(place, weather.build({ city: 'Oslo', summary: 'Snow, -3 °C' }), 'Oslo: snow, -3 °C')
  } else if (/time zone/i.test(text)) {
    const call = { status: 'pending' as const, call_id: head.id, name: 'get_time_zone', arguments: {} }
    yield {
      type: 'thread.item.done',
      item: { ...head, ...call, id: store.newItemId('tool_call'), type: 'client_tool_call' },
    }
  } else yield* sayInPieces(head, `You said: ${text}`)
}

/** The button of the widget: the card is drawn again with what is true now. */
export const act: Act = async function* ({ action, sender }) {
  if (action.type !== 'weather.refresh' || !sender) return
  const { city } = action.payload as { city: string }
  yield { type: 'thread.item.replaced', item: { ...sender, widget: weather.build({ city, summary: 'Clear, -5 °C' }) } }
}

type Head = { id: string; thread_id: string; created_at: string }

function toAnswer(head: Head, text: string): ThreadItem & { type: 'assistant_message' } {
  return { ...head, type: 'assistant_message', content: text ? [{ type: 'output_text', text, annotations: [] }] : [] }
}

async function* sayInPieces(head: Head, text: string): AsyncGenerator<ThreadStreamEvent> {
  const update = (change: object) =>
    ({ type: 'thread.item.updated', item_id: head.id, update: change }) as ThreadStreamEvent
  yield { type: 'thread.item.added', item: toAnswer(head, '') }
  const content = { type: 'output_text', text: '', annotations: [] }
  yield update({ type: 'assistant_message.content_part.added', content_index: 0, content })
  for (const delta of text.match(/\S+\s*/g) ?? [])
    yield update({ type: 'assistant_message.content_part.text_delta', content_index: 0, delta })
  yield { type: 'thread.item.done', item: toAnswer(head, text) }
}

async function findTimeZone(threadId: string, store: Turn['store']): Promise<unknown> {
  const { data } = await store.listItems(threadId, { limit: 5, order: 'desc' })
  const call = data.find((item) => item.type === 'client_tool_call')
  return (call?.output as { timeZone?: string } | undefined)?.timeZone ?? 'not known'
}
