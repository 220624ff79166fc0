import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { UserMessageItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Action } from '#lib/chatkit/protocol/requests.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'

/**
 * One turn to answer. `thread` may be changed (title, status, metadata): the pipeline saves and announces it after the next
 * event. `input` is null where the turn goes on after a client tool or a form. `signal` aborts when the turn is to end early.
 */
export type Turn = { thread: Thread; input: UserMessageItem | null; store: Store; signal: AbortSignal }

/** Answers a turn. `context` is the application's own and reaches this function untouched. */
export type Respond<Context = void> = (turn: Turn, context: Context) => AsyncIterable<ThreadStreamEvent>

/** Answers a widget's action; `sender` is the widget it came from, null where the page sent it. */
export type Act<Context = void> = (
  turn: Omit<Turn, 'input'> & { action: Action; sender: WidgetItem | null },
  context: Context,
) => AsyncIterable<ThreadStreamEvent>
