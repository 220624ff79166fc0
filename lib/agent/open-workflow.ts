import { type ItemContext, newItem } from '#lib/agent/item-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Task, Workflow, WorkflowItem } from '#lib/chatkit/protocol/items.ts'

type Events = Generator<ThreadStreamEvent, void>

/** The one workflow of a turn that is open: thoughts of the model, or its tool calls. */
export class OpenWorkflow {
  readonly #context: ItemContext
  #item: WorkflowItem | undefined
  #startedAt = 0
  /** The thought that streams: the first one of an empty reasoning workflow (protocol section 2.2). */
  #streamed: number | undefined

  constructor(context: ItemContext) {
    this.#context = context
  }

  get id(): string | undefined {
    return this.#item?.id
  }

  get type(): Workflow['type'] | undefined {
    return this.#item?.workflow.type
  }

  *start(type: Workflow['type'], tasks: Task[] = []): Events {
    this.#startedAt = this.#context.now().getTime()
    this.#streamed = undefined
    this.#item = { ...newItem(this.#context, 'workflow'), type: 'workflow', workflow: { type, tasks: [...tasks], expanded: false } }
    yield { type: 'thread.item.added', item: structuredClone(this.#item) }
  }

  /** Goes on with a workflow that an earlier turn left open. */
  resume(item: WorkflowItem): void {
    this.#item = structuredClone(item)
    this.#startedAt = Date.parse(item.created_at)
  }

  /** The number of tasks so far, which is the index of the next one. */
  get size(): number {
    return this.#item?.workflow.tasks.length ?? 0
  }

  *add(task: Task): Events {
    if (!this.#item) return
    const task_index = this.#item.workflow.tasks.push(task) - 1
    yield { type: 'thread.item.updated', item_id: this.#item.id, update: { type: 'workflow.task.added', task_index, task } }
  }

  *update(task_index: number, task: Task): Events {
    if (!this.#item || !(task_index in this.#item.workflow.tasks)) return
    this.#item.workflow.tasks[task_index] = task
    yield { type: 'thread.item.updated', item_id: this.#item.id, update: { type: 'workflow.task.updated', task_index, task } }
  }

  *addThought(delta: string): Events {
    if (!this.#item) return
    if (this.#streamed !== undefined) {
      const task = this.#item.workflow.tasks[this.#streamed]
      if (task?.type === 'thought') yield* this.update(this.#streamed, { ...task, content: task.content + delta })
    } else if (this.type === 'reasoning' && this.size === 0) {
      this.#streamed = 0
      yield* this.add(thought(delta))
    }
  }

  *endThought(text: string): Events {
    if (!this.#item) return
    const index = this.#streamed
    this.#streamed = undefined
    if (index === undefined) yield* this.add(thought(text))
    else yield* this.update(index, thought(text))
  }

  /** Closes the workflow with its duration, tasks that still load as complete; nothing where none is open. */
  *end(): Events {
    const item = this.#item
    if (!item) return
    this.#item = undefined
    this.#streamed = undefined
    const duration = Math.max(0, Math.floor((this.#context.now().getTime() - this.#startedAt) / 1000))
    const { workflow } = item
    const tasks = workflow.tasks.map((task) =>
      task.status_indicator === 'loading' ? { ...task, status_indicator: 'complete' as const } : task,
    )
    yield {
      type: 'thread.item.done',
      item: { ...item, workflow: { ...workflow, tasks, summary: workflow.summary ?? { duration }, expanded: false } },
    }
  }
}

function thought(content: string): Task {
  return { type: 'thought', status_indicator: 'none', content }
}
