import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem, WidgetNode, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { diffWidget } from '#lib/chatkit/server/widgets/diff-widget.ts'

type Place = { thread: { id: string }; newItemId: (kind: 'message') => string }

/**
 * Streams a widget as the events of one item (protocol section 1.13). A finished widget is one
 * event. For a changing widget each yielded state becomes the difference from the last one. A
 * source without states yields nothing. Throws what the source throws and leaves the item open; the
 * pipeline closes it.
 */
export async function* streamWidget(
  { thread, newItemId }: Place,
  widget: WidgetRoot | AsyncIterable<WidgetRoot>,
  copyText?: string,
): AsyncGenerator<ThreadStreamEvent> {
  const about = {
    id: newItemId('message'),
    thread_id: thread.id,
    created_at: new Date().toISOString(),
    type: 'widget' as const,
    ...(copyText !== undefined && { copy_text: copyText }),
  }
  const item = (state: WidgetRoot): WidgetItem => ({ ...about, widget: structuredClone(state) })
  if (!(Symbol.asyncIterator in widget)) return yield { type: 'thread.item.done', item: item(widget as WidgetRoot) }
  let last: WidgetRoot | undefined
  for await (const state of widget as AsyncIterable<WidgetRoot>) {
    if (last === undefined) yield { type: 'thread.item.added', item: item(state) }
    else for (const update of diffWidget(last, state)) yield { type: 'thread.item.updated', item_id: about.id, update }
    // The source may keep changing the object that it yielded.
    last = structuredClone(state)
  }
  if (last) yield { type: 'thread.item.done', item: item(last) }
}

/**
 * The states of a Text or Markdown component whose text arrives in pieces, from empty to complete.
 */
export async function* accumulateText<Node extends WidgetNode>(
  pieces: AsyncIterable<string>,
  component: Node,
): AsyncGenerator<Node> {
  let value = ''
  yield { ...component, value, streaming: true }
  for await (const piece of pieces) {
    value += piece
    yield { ...component, value, streaming: true }
  }
  yield { ...component, value, streaming: false }
}
