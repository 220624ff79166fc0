import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { UserMessageItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Action } from '#lib/chatkit/protocol/requests.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'

/**
 * One turn to answer. `respond` may change `thread` (title, status, metadata): the pipeline saves
 * and announces the change after the next event. `input` is null if the turn continues after a
 * client tool or a form. `signal` aborts when the turn must end early.
 */
export type Turn = { thread: Thread; input: UserMessageItem | null; store: Store; signal: AbortSignal }

/** Answers a turn. `context` belongs to the application and is passed through unchanged. */
export type Respond<Context = void> = (turn: Turn, context: Context) => AsyncIterable<ThreadStreamEvent>

/** Answers a widget's action. `sender` is the widget, or null if the page sent the action. */
export type Act<Context = void> = (
  turn: Omit<Turn, 'input'> & { action: Action; sender: WidgetItem | null },
  context: Context,
) => AsyncIterable<ThreadStreamEvent>

/**
 * Watches a turn's answer, for example to name the thread. Like `respond` it may change `thread`.
 */
export type TurnWatch = {
  /** Sees each event before it is stored and sent. A promise holds the event back. */
  onEvent(event: ThreadStreamEvent): Promise<void> | undefined
  /** Called when the answer has ended by itself. */
  onEnd(): void
}
