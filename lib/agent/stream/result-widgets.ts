import { isDeepStrictEqual } from 'node:util'
import type { RunStreamEvent } from '@openai/agents'
import { makeFilesCard, toCopyText } from '#lib/agent/cards/files-card.ts'
import type { ItemContext } from '#lib/agent/stream/item-context.ts'
import type { ItemDone, ItemReplaced } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'
import { isWholeWidget, type SentWidget } from '#lib/mcp-client/calls/result-widget.ts'
import type { ShownFiles } from '#lib/mcp-client/files/result-files.ts'

const KEY = 'result:'
/** How many of a server's newest widgets in a thread are updated by later results. */
const FOLLOWING_MAX = 20

type Sent = { server: string; widget: SentWidget }
type Shown = ItemDone | ItemReplaced
type Files = { server: string; files: ShownFiles }

/**
 * The widgets in the results of a turn's tools. They are shown when the model continues, after the
 * lines of all calls.
 */
export class ResultWidgets {
  readonly #context: ItemContext
  #waiting: Sent[] = []
  /** The files of results that the run has not reported yet, by call id, and of those it has. */
  readonly #kept = new Map<string, Files>()
  #files: Files[] = []
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
    const facts = ((event.item as { customData?: unknown }).customData ?? {}) as CallFacts
    this.noteResult((event.item.rawItem as { callId?: string }).callId ?? '', facts)
  }

  /** Takes the result of a call that has ended. */
  noteResult(callId: string, { server, widget }: Pick<CallFacts, 'server' | 'widget'>): void {
    if (widget) this.#waiting.push({ server, widget })
    const files = this.#kept.get(callId)
    this.#kept.delete(callId)
    if (files) this.#files.push(files)
  }

  /** Takes the files of a call that has ended. They are shown even if the turn ends early. */
  noteFiles(callId: string, { server, files }: CallFacts): void {
    if (files) this.#kept.set(callId, { server, files })
  }

  /** Makes everything due, because the turn ends here. */
  end(): void {
    this.#files.push(...this.#kept.values())
    this.#kept.clear()
  }

  /** True if widgets have to be shown before this event: the model goes on. */
  areDue(event: RunStreamEvent): boolean {
    return this.#waiting.length + this.#files.length > 0 && event.type !== 'run_item_stream_event'
  }

  /** Removes and returns the widgets to show. */
  *take(): Generator<Shown, void> {
    for (const { server, files } of this.#files.splice(0))
      yield { type: 'thread.item.done', item: toFilesItem(this.#context, server, files) }
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

/** The card with a result's files, as an item of the thread. */
export function toFilesItem({ newItemId, threadId, now }: ItemContext, server: string, files: ShownFiles): WidgetItem {
  return {
    ...{ id: newItemId('message'), thread_id: threadId, created_at: now().toISOString() },
    ...{ type: 'widget', widget: makeFilesCard(server, files), copy_text: toCopyText(files) },
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
