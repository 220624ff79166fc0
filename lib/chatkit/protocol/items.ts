// The wire form of every thread item (protocol section 1.4), which is also the stored form. Fields
// with a default are required here, so that they are always sent. An optional field is left out,
// never null.

/** The source of a statement, shown as a footnote and in the list of sources under the message. */
export type UrlSource = SourceBase & { type: 'url'; url: string; attribution?: string }
export type FileSource = SourceBase & { type: 'file'; filename: string }
export type EntitySource = SourceBase & {
  type: 'entity'
  id: string
  icon?: string
  label?: string
  inline_label?: string
  interactive: boolean
  data: Record<string, unknown>
}
export type Source = UrlSource | FileSource | EntitySource
type SourceBase = { title: string; description?: string; timestamp?: string; group?: string }

/** A footnote of a text part; `index` is the character offset of its marker. */
export type Annotation = { type: 'annotation'; source: Source; index?: number }

/** One part of an assistant message: Markdown and its footnotes. */
export type AssistantContent = { type: 'output_text'; text: string; annotations: Annotation[] }

export type TextContent = { type: 'input_text'; text: string }
export type TagContent = {
  type: 'input_tag'
  id: string
  text: string
  data: Record<string, unknown>
  group?: string
  interactive: boolean
}
export type UserMessageContent = TextContent | TagContent

/**
 * The person's choices for this one message: a model from the picker, a tool from the tools menu.
 */
export type InferenceOptions = { tool_choice?: { id: string }; model?: string }

type AttachmentBase = {
  id: string
  name: string
  mime_type: string
  upload_descriptor?: { url: string; method: 'POST' | 'PUT'; headers: Record<string, string> }
  thread_id?: string
  /** For the server only, never sent (protocol section 1.2). */
  metadata?: Record<string, unknown>
}
export type FileAttachment = AttachmentBase & { type: 'file' }
export type ImageAttachment = AttachmentBase & { type: 'image'; preview_url: string }
export type Attachment = FileAttachment | ImageAttachment

/** The progress of a workflow's task; has no meaning outside a workflow. */
export type StatusIndicator = 'none' | 'loading' | 'complete'
type TaskBase = { status_indicator: StatusIndicator; title?: string }
export type CustomTask = TaskBase & {
  type: 'custom'
  icon?: string
  content?: string
  /** Our extension: the tool call that the task is about, for a client that shows more of it. */
  tool_call?: { run_id: string; call_id: string; goes_on?: boolean }
  /** Our extension: the task is a handover to another assistant, for a client that words it itself. */
  handover?: { to: string; state: 'loading' | 'done' | 'refused' }
}
export type SearchTask = TaskBase & {
  type: 'web_search'
  title_query?: string
  queries: string[]
  sources: UrlSource[]
}
export type ThoughtTask = TaskBase & { type: 'thought'; content: string }
export type FileTask = TaskBase & { type: 'file'; sources: FileSource[] }
export type ImageTask = TaskBase & { type: 'image' }
export type Task = CustomTask | SearchTask | ThoughtTask | FileTask | ImageTask

/** Replaces the list of tasks once a workflow is closed. `duration` is in whole seconds. */
export type WorkflowSummary = { title: string; icon?: string } | { duration: number }
export type Workflow = {
  type: 'custom' | 'reasoning'
  tasks: Task[]
  summary?: WorkflowSummary
  expanded: boolean
  /** Our extension: what the workflow tells of, for a client that words its title itself. */
  subject?: 'earlier_messages'
}

/** A node of a widget. Unknown properties are passed through unchanged. */
export type WidgetNode = { type: string; id?: string; key?: string; [property: string]: unknown }
/** A widget's outermost node: Card, ListView or Basic. */
export type WidgetRoot = WidgetNode

export type StructuredAnswer = { values: string[]; skipped: boolean }
export type MultipleChoice = {
  type: 'multiple_choice'
  id: string
  question: string
  options: { value: string }[]
  multiple: boolean
  answer?: StructuredAnswer
}
export type Freeform = {
  type: 'freeform'
  id: string
  question: string
  description?: string
  answer?: StructuredAnswer
}
export type StructuredInput = MultipleChoice | Freeform

type ItemBase = { id: string; thread_id: string /** ISO 8601 in UTC. */; created_at: string }

export type UserMessageItem = ItemBase & {
  type: 'user_message'
  content: UserMessageContent[]
  attachments: Attachment[]
  quoted_text?: string
  inference_options: InferenceOptions
  /**
   * Our extension: the client's id of the request that sent the message, so it can confirm arrival.
   */
  request_id?: string
  /** Our extension: how the answer failed, if no later attempt succeeded. Never stored. */
  outcome?: TurnOutcome
} & Pinnable
/** Our extension: the person keeps the message in the context, however long the thread grows. */
type Pinnable = { pinned?: true }
/** How an unfinished turn ended. `message` gives the reason; `allow_retry`: a retry may help. */
export type TurnOutcome = { status: 'failed' | 'stopped' | 'interrupted'; message?: string; allow_retry: boolean }
export type AssistantMessageItem = ItemBase & { type: 'assistant_message'; content: AssistantContent[] } & Pinnable
export type ClientToolCallItem = ItemBase & {
  type: 'client_tool_call'
  status: 'pending' | 'completed'
  call_id: string
  name: string
  arguments: Record<string, unknown>
  output?: unknown
}
export type WidgetItem = ItemBase & {
  type: 'widget'
  widget: WidgetRoot /** What the copy button copies. */
  copy_text?: string
}
export type GeneratedImage = { id: string; url: string }
export type GeneratedImageItem = ItemBase & { type: 'generated_image'; image?: GeneratedImage }
export type StructuredInputItem = ItemBase & {
  type: 'structured_input'
  status: 'pending' | 'answered' | 'skipped'
  inputs: StructuredInput[]
}
export type TaskItem = ItemBase & { type: 'task'; task: Task }
export type WorkflowItem = ItemBase & { type: 'workflow'; workflow: Workflow }
export type EndOfTurnItem = ItemBase & { type: 'end_of_turn' }
/** Context for the model that is never sent to a client. */
export type HiddenContextItem = ItemBase & { type: 'hidden_context_item'; content: unknown }
/** The server's own note to the model, never sent to a client. */
export type SdkHiddenContextItem = ItemBase & { type: 'sdk_hidden_context'; content: string }

export type ThreadItem =
  | UserMessageItem
  | AssistantMessageItem
  | ClientToolCallItem
  | WidgetItem
  | GeneratedImageItem
  | StructuredInputItem
  | TaskItem
  | WorkflowItem
  | EndOfTurnItem
  | HiddenContextItem
  | SdkHiddenContextItem

/** The item types that are stored for the model and never leave the server. */
export const HIDDEN_TYPES = ['hidden_context_item', 'sdk_hidden_context'] as const satisfies ThreadItem['type'][]

/** True for an item that clients must not see. */
export function isHidden(item: { type: string }): boolean {
  return (HIDDEN_TYPES as readonly string[]).includes(item.type)
}
