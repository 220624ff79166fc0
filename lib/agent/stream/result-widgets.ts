import { isDeepStrictEqual } from 'node:util'
import type { RunStreamEvent } from '@openai/agents'
import type { ItemContext } from '#lib/agent/stream/item-context.ts'
import type { ItemDone, ItemReplaced } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'
import { isWholeWidget, type SentWidget } from '#lib/mcp-client/calls/result-widget.ts'

const KEY = 'result:'
/** How many of a server's newest widgets in a thread are updated by later results. */
const FOLLOWING_MAX = 20

type Sent = { server: string; widget: SentWidget }
type Shown = ItemDone | ItemReplaced

/**
 * The widgets in the results of a turn's tools. They are shown when the model continues, after the
 * lines of all calls.
 */
export class ResultWidgets {
  readonly #context: ItemContext
  #waiting: Sent[] = []
  #earlier: ThreadItem[] = []

  constructor(context: ItemContext) {
    this.#context = context
  }

  /** Takes the items of the thread so far. */
  begin(items: ThreadItem[]): void {
    this.#earlier = items
  }

  note(event: RunStreamEvent): void {
    if (event.type !== 'run_item_stream_event' || event.name !== 'tool_output') return
    const { server, widget } = ((event.item as { customData?: unknown }).customData ?? {}) as CallFacts
    if (widget) this.#waiting.push({ server, widget })
  }

  /** True if widgets have to be shown before this event: the model goes on. */
  areDue(event: RunStreamEvent): boolean {
    return this.#waiting.length > 0 && event.type !== 'run_item_stream_event'
  }

  /** Removes and returns the widgets to show. */
  *take(): Generator<Shown, void> {
    for (const sent of this.#waiting.splice(0)) {
      const changed = updateWidgets(this.#earlier, sent)
      this.#earlier = this.#earlier.map((item) => changed.find(({ id }) => id === item.id) ?? item)
      for (const item of changed) yield { type: 'thread.item.replaced', item }
      if (!isWholeWidget(sent.widget)) continue
      const { server, widget } = sent
      const id = this.#context.newItemId('message')
      const at = { id, thread_id: this.#context.threadId, created_at: this.#context.now().toISOString() }
      const item: WidgetItem = {
        ...at,
        type: 'widget',
        widget: { ...widget, key: `${KEY}${server}:${widget.key ?? ''}` },
      }
      this.#earlier = [...this.#earlier, item]
      yield { type: 'thread.item.done', item }
    }
  }
}

/**
 * The newest widgets of a server that a new result changes: its nodes replace nodes with the same
 * keys.
 */
export function updateWidgets(items: ThreadItem[], { server, widget }: Sent): WidgetItem[] {
  const news = new Map(nodesOf(widget).flatMap((node) => (node.key === undefined ? [] : [[node.key, node]])))
  if (news.size === 0) return []
  const own = items.filter((item): item is WidgetItem => findResultWidgetServer(item) === server).slice(-FOLLOWING_MAX)
  return own.flatMap((item) => {
    const next = replaceNodes(item.widget, news)
    return isDeepStrictEqual(next, item.widget) ? [] : [{ ...item, widget: next }]
  })
}

function replaceNodes(node: WidgetNode, news: ReadonlyMap<string, WidgetNode>): WidgetNode {
  const other = node.key === undefined ? undefined : news.get(node.key)
  if (other) return other
  return node.children ? { ...node, children: listChildren(node).map((child) => replaceNodes(child, news)) } : node
}

function nodesOf(node: WidgetNode): WidgetNode[] {
  return [node, ...listChildren(node).flatMap(nodesOf)]
}

/** The children of a node. A single child need not be in a list. */
export function listChildren({ children }: WidgetNode): WidgetNode[] {
  return [children ?? []].flat() as WidgetNode[]
}

/**
 * The server that a result's widget came from; undefined for any other item. The model gets the
 * result itself.
 */
export function findResultWidgetServer(item: ThreadItem): string | undefined {
  return item.type === 'widget' && item.widget.key?.startsWith(KEY) ? item.widget.key.split(':')[1] : undefined
}
