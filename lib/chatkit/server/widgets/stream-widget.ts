import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem, WidgetNode, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { diffWidget } from '#lib/chatkit/server/widgets/diff-widget.ts'

type Place = { thread: { id: string }; newItemId: (kind: 'message') => string }

/**
 * A widget as the events of one item (protocol section 1.13): a finished one at once; of one that changes, each yielded state
 * as what differs from the last. Nothing where no state comes. Throws what the source throws, with the item left open: the
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
    // A source may go on with the object that it has yielded.
    last = structuredClone(state)
  }
  if (last) yield { type: 'thread.item.done', item: item(last) }
}

/** The states of a Text or Markdown component whose text comes in pieces: empty at first, streaming, and at rest at the end. */
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
