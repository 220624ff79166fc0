import { makeChatKitRoute } from '#app/api/chatkit/chatkit-route.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { readReply, typed } from '#tests/support/chatkit/chatkit.ts'

const edges = { builtinFetch: ((input, init) => handleMcp(new Request(input, init))) as typeof fetch }
const post = makeChatKitRoute({ respond: runTurn, act: handleAction, ...edges })

/**
 * The ChatKit endpoint for one signed-in browser with the real agent behind it. Each response is
 * read to its end.
 */
export function agentDoor(person: { headers: { cookie: string } }, send: typeof post = post) {
  async function ask(body: unknown) {
    const headers = { 'content-type': 'application/json', ...person.headers }
    return readReply(
      await send(
        new Request('http://127.0.0.1:3999/api/chatkit', { method: 'POST', headers, body: JSON.stringify(body) }),
      ),
    )
  }
  return {
    ask,
    begin: (text: string) => ask({ type: 'threads.create', params: { input: typed(text) } }),
    say: (thread: string, text: string) =>
      ask({ type: 'threads.add_user_message', params: { thread_id: thread, input: typed(text) } }),
    act: (thread: string, item: WidgetItem | undefined, action: unknown) =>
      ask({ type: 'threads.custom_action', params: { thread_id: thread, ...(item && { item_id: item.id }), action } }),
    /** Presses the button with this label. */
    press: (thread: string, item: WidgetItem, label: string) =>
      ask({
        type: 'threads.custom_action',
        params: { thread_id: thread, item_id: item.id, action: button(item, label)?.onClickAction },
      }),
    /** The thread as a reload shows it. */
    read: async (thread: string) => {
      const { data } = await ask({ type: 'items.list', params: { thread_id: thread, order: 'asc', limit: 100 } })
      return data.data as ThreadItems
    },
  }
}

type ThreadItems = Extract<ThreadStreamEvent, { type: 'thread.item.done' }>['item'][]

/** A widget's nodes, the root first. */
export function nodes(node: WidgetNode): WidgetNode[] {
  return [node, ...((node.children ?? []) as WidgetNode[]).flatMap(nodes)]
}

export function button({ widget }: WidgetItem, label: string): WidgetNode | undefined {
  return nodes(widget).find((node) => node.type === 'Button' && node.label === label)
}

/** The labels of a widget's buttons. */
export function buttons(item: WidgetItem | undefined): string[] {
  return item ? nodes(item.widget).flatMap((node) => (node.type === 'Button' ? String(node.label) : [])) : []
}

export function widgets(events: ThreadStreamEvent[]): WidgetItem[] {
  return events.flatMap((event) => ('item' in event && event.item.type === 'widget' ? event.item : []))
}

/** The assistant's text in these events. */
export function said(events: ThreadStreamEvent[]): string {
  return events
    .flatMap((event) =>
      event.type === 'thread.item.done' && event.item.type === 'assistant_message' ? event.item.content : [],
    )
    .map(({ text }) => text)
    .join('\n')
}
