import type {
  Annotation,
  CustomTask,
  Task,
  ThreadItem,
  UserMessageContent,
  UserMessageItem,
  WidgetItem,
} from '#lib/chatkit/protocol/items.ts'
import { FILES_KEY } from '#lib/data/attachments/result-file.ts'
import { newId } from '#lib/platform/ids.ts'
import { redact } from '#lib/platform/redaction/redact.ts'

/** The beginning of the key of a widget that came with a tool's result (lib/agent/stream/result-widgets.ts). */
const RESULT_KEY = 'result:'
/** What is kept (bytes) of the tasks or the widget of one item. */
const TOOLS_MAX_BYTES = 200_000

/** A tool call as the items of its thread name it. */
export type CallName = { run_id: string; call_id: string }

/** An item as readers get it, and its tool calls: a task's `call_id` is the index in this list. */
export type ReadersItem = { item: ThreadItem; calls: CallName[] }

/**
 * Copies an item of a conversation for the people it is shared with; null if it is not for them. A
 * list of what is shown, so that new kinds of items stay private: messages, pictures that the model
 * drew, forms that were answered, and with `withTools` the lines and results of tools, redacted. No
 * hidden items, cards of ours (approvals, accounts, memory), thoughts, summaries or state of the page.
 */
export function copyForReaders(item: ThreadItem, shareId: string, withTools: boolean): ReadersItem | null {
  const base = { id: newId('shi'), thread_id: shareId, created_at: item.created_at }
  switch (item.type) {
    case 'user_message':
      return only({ ...base, type: 'user_message', ...copyMessage(item) })
    case 'assistant_message': {
      const content = item.content.map(({ type, text, annotations }) => ({
        ...{ type, text, annotations: annotations.flatMap(copyAnnotation) },
      }))
      return only({ ...base, type: 'assistant_message', content })
    }
    case 'generated_image':
      return item.image ? only({ ...base, type: 'generated_image', image: item.image }) : null
    case 'structured_input':
      return item.status === 'pending'
        ? null
        : only({ ...base, type: item.type, status: item.status, inputs: item.inputs })
    case 'workflow': {
      if (!withTools || item.workflow.subject !== undefined) return null
      const { tasks, calls } = copyTasks(item.workflow.tasks, base.id)
      const { type, summary } = item.workflow
      const workflow = { type, tasks, ...(summary && { summary }), expanded: false }
      return tasks.length > 0 ? { item: { ...base, type: 'workflow', workflow }, calls } : null
    }
    case 'task': {
      if (!withTools) return null
      const { tasks, calls } = copyTasks([item.task], base.id)
      return tasks[0] ? { item: { ...base, type: 'task', task: tasks[0] }, calls } : null
    }
    case 'widget':
      return withTools && isResult(item) ? only({ ...base, type: 'widget', widget: copyWidget(item) }) : null
    default:
      return null
  }
}

function only(item: ThreadItem): ReadersItem {
  return { item, calls: [] }
}

function copyMessage({ content, attachments, quoted_text }: UserMessageItem) {
  const parts = content.map(
    (part): UserMessageContent =>
      part.type === 'input_text'
        ? { type: 'input_text', text: part.text }
        : { type: 'input_tag', id: part.id, text: part.text, data: {}, interactive: false },
  )
  return {
    content: parts,
    attachments: attachments.map(({ upload_descriptor: _, thread_id: _thread, metadata: _own, ...shown }) => shown),
    ...(quoted_text !== undefined && { quoted_text }),
    inference_options: {},
  } as Pick<UserMessageItem, 'content' | 'attachments' | 'quoted_text' | 'inference_options'>
}

/** A footnote without what the page keeps beside an entity. */
function copyAnnotation({ type, source, index }: Annotation): Annotation[] {
  if (source.type === 'entity') return []
  return [{ type, source, ...(index !== undefined && { index }) }]
}

function copyTasks(tasks: Task[], itemId: string): { tasks: Task[]; calls: CallName[] } {
  const calls: CallName[] = []
  const copied = tasks.flatMap((task): Task[] => {
    if (task.type === 'thought' || task.type === 'image') return []
    if (task.type !== 'custom') return [{ ...task, status_indicator: 'complete' }]
    const { title, icon, content, tool_call: call } = task
    const said = redact({ title, content }, TOOLS_MAX_BYTES) as Pick<CustomTask, 'title' | 'content'>
    const copy: CustomTask = { type: 'custom', status_indicator: 'complete', ...(icon && { icon }), ...said }
    if (!call) return [copy]
    calls.push({ run_id: call.run_id, call_id: call.call_id })
    return [{ ...copy, tool_call: { run_id: itemId, call_id: String(calls.length - 1) } }]
  })
  return { tasks: copied, calls }
}

function isResult({ widget }: WidgetItem): boolean {
  return widget.key?.startsWith(RESULT_KEY) === true || widget.key?.startsWith(FILES_KEY) === true
}

/** What a reader could press, and what names the owner's servers: of no use to anybody else. */
const OWNERS = new Set(['confirm', 'cancel', 'attach', 'asForm'])

function copyWidget({ widget }: WidgetItem): WidgetItem['widget'] {
  return redact(withoutActions(widget), TOOLS_MAX_BYTES) as WidgetItem['widget']
}

function withoutActions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutActions)
  if (value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([key]) => !OWNERS.has(key) && !/action$/i.test(key))
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutActions(entry)]))
}
