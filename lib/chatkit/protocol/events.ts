import type {
  Annotation,
  AssistantContent,
  GeneratedImage,
  Task,
  ThreadItem,
  WidgetNode,
  WidgetRoot,
} from '#lib/chatkit/protocol/items.ts'
import type { WireThread } from '#lib/chatkit/protocol/thread.ts'

// The events that a turn streams, one event per server-sent message (protocol section 1.5).

export type AssistantMessageUpdate =
  | { type: 'assistant_message.content_part.added'; content_index: number; content: AssistantContent }
  | { type: 'assistant_message.content_part.text_delta'; content_index: number; delta: string }
  | {
      type: 'assistant_message.content_part.annotation_added'
      content_index: number
      annotation_index: number
      annotation: Annotation
    }
  | { type: 'assistant_message.content_part.done'; content_index: number; content: AssistantContent }

export type WidgetUpdate =
  | { type: 'widget.streaming_text.value_delta'; component_id: string; delta: string; done: boolean }
  | { type: 'widget.component.updated'; component_id: string; component: WidgetNode }
  | { type: 'widget.root.updated'; widget: WidgetRoot }

export type WorkflowUpdate =
  | { type: 'workflow.task.added'; task_index: number; task: Task }
  | { type: 'workflow.task.updated'; task_index: number; task: Task }

/** `progress` is between 0 and 1. */
export type GeneratedImageUpdate = { type: 'generated_image.updated'; image: GeneratedImage; progress?: number }

export type ThreadItemUpdate = AssistantMessageUpdate | WidgetUpdate | WorkflowUpdate | GeneratedImageUpdate

export type ItemAdded = { type: 'thread.item.added'; item: ThreadItem }
export type ItemUpdated = { type: 'thread.item.updated'; item_id: string; update: ThreadItemUpdate }
export type ItemDone = { type: 'thread.item.done'; item: ThreadItem }
export type ItemRemoved = { type: 'thread.item.removed'; item_id: string }
export type ItemReplaced = { type: 'thread.item.replaced'; item: ThreadItem }

/** What the client may offer while the turn runs. */
export type StreamOptions = { allow_cancel: boolean }
/** A transient line that disappears when the turn ends. */
export type ProgressUpdate = { type: 'progress_update'; text: string; icon?: string }
export type ClientEffect = { type: 'client_effect'; name: string; data: Record<string, unknown> }
/** `custom` carries a sentence for the person; with `stream.error` the client words the message. */
export type ErrorEvent = { type: 'error'; code: 'stream.error' | 'custom'; message?: string; allow_retry: boolean }
/** `message` is Markdown. */
export type Notice = { type: 'notice'; level: 'info' | 'warning' | 'danger'; message: string; title?: string }

export type ThreadStreamEvent =
  | { type: 'thread.created'; thread: WireThread }
  | { type: 'thread.updated'; thread: WireThread }
  | ItemAdded
  | ItemUpdated
  | ItemDone
  | ItemRemoved
  | ItemReplaced
  | { type: 'stream_options'; stream_options: StreamOptions }
  | ProgressUpdate
  | ClientEffect
  | ErrorEvent
  | Notice

/**
 * An event and its number in its run's log, counted from 1. Events outside a log have no number.
 */
export type NumberedEvent = { seq?: number; event: ThreadStreamEvent }
