import type { RunStreamEvent } from '@openai/agents'
import type { ItemContext } from '#lib/agent/item-context.ts'
import type { ThreadItem, WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { CallFacts } from '#lib/mcp-client/calling-run.ts'

const ROOTS: ReadonlySet<string> = new Set(['Card', 'ListView', 'Basic'])
const KEY = 'result:'

/** The widgets that came with the results of a turn's tools: shown when the model goes on, after the lines of all calls. */
export class ResultWidgets {
  readonly #context: ItemContext
  #waiting: { server: string; widget: WidgetNode }[] = []

  constructor(context: ItemContext) {
    this.#context = context
  }

  note(event: RunStreamEvent): void {
    if (event.type !== 'run_item_stream_event' || event.name !== 'tool_output') return
    const { server, widget } = ((event.item as { customData?: unknown }).customData ?? {}) as CallFacts
    if (widget && ROOTS.has(widget.type)) this.#waiting.push({ server, widget })
  }

  /** What is to be shown before this event; without one, at the turn's end. */
  *due(event?: RunStreamEvent): Generator<WidgetItem, void> {
    if (event?.type === 'run_item_stream_event') return
    for (const { server, widget } of this.#waiting.splice(0)) {
      const id = this.#context.newItemId('message')
      const item = { id, thread_id: this.#context.threadId, created_at: this.#context.now().toISOString() }
      yield { ...item, type: 'widget', widget: { ...widget, key: `${KEY}${server}:${widget.key ?? ''}` } }
    }
  }
}

/** The server that a result's widget came from; undefined for any other item. The model knows the result itself. */
export function resultWidgetOf(item: ThreadItem): string | undefined {
  return item.type === 'widget' && item.widget.key?.startsWith(KEY) ? item.widget.key.split(':')[1] : undefined
}
