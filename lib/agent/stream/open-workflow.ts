import { type ItemContext, makeItem } from '#lib/agent/stream/item-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Task, Workflow, WorkflowItem, WorkflowSummary } from '#lib/chatkit/protocol/items.ts'

type Events = Generator<ThreadStreamEvent, void>

/**
 * A thought of up to this many characters is sent with each delta. A longer one is sent when it has
 * grown by a fiftieth, because each update carries all of it: the bytes must not grow with the
 * square of its length.
 */
const EACH_DELTA_CHARS = 2_000
const GROWTH = 1.02

/** The one open workflow of a turn: the model's thoughts, its tool calls, or a tool's own tasks. */
export class OpenWorkflow {
  readonly #context: ItemContext
  #item: WorkflowItem | undefined
  #announced = false
  #startedAt = 0
  /**
   * The index of the thought that streams: the first one of an empty reasoning workflow (protocol
   * section 2.2).
   */
  #streamed: number | undefined
  /** How much (characters) of that thought was sent. */
  #sentChars = 0
  /** The indexes of the tasks that a tool added, by the tool's own count. */
  #own: number[] = []

  constructor(context: ItemContext) {
    this.#context = context
  }

  get id(): string | undefined {
    return this.#item?.id
  }

  get type(): Workflow['type'] | undefined {
    return this.#item?.workflow.type
  }

  /**
   * Opens a workflow and closes the open one first. A custom one without tasks is shown with its
   * first task.
   */
  *start({ type, tasks = [], ...rest }: Pick<Workflow, 'type'> & Partial<Workflow>): Events {
    yield* this.end()
    this.#startedAt = performance.now()
    const workflow: Workflow = { type, tasks: [...tasks], expanded: false, ...rest }
    this.#item = { ...makeItem(this.#context, 'workflow'), type: 'workflow', workflow }
    if (type === 'reasoning' || tasks.length > 0) yield* this.#announce()
  }

  *#announce(): Events {
    if (!this.#item) return
    this.#announced = true
    yield { type: 'thread.item.added', item: structuredClone(this.#item) }
  }

  /** Resumes a workflow of an earlier turn, or one that the client already knows. */
  resume(item: WorkflowItem): void {
    const { summary, ...workflow } = structuredClone(item.workflow)
    // The duration is measured again; a title stays.
    this.#item = { ...item, workflow: { ...workflow, ...(summary && !('duration' in summary) && { summary }) } }
    this.#announced = true
    this.#streamed = undefined
    // The workflow may have begun in another process.
    this.#startedAt = performance.now() - Math.max(0, this.#context.now().getTime() - Date.parse(item.created_at))
  }

  /** The tasks so far. */
  get tasks(): readonly Task[] {
    return this.#item?.workflow.tasks ?? []
  }

  /** The number of tasks so far, which is the index of the next one. */
  get size(): number {
    return this.#item?.workflow.tasks.length ?? 0
  }

  *add(task: Task): Events {
    if (!this.#item) return
    const task_index = this.#item.workflow.tasks.push(task) - 1
    if (!this.#announced) return yield* this.#announce()
    yield {
      type: 'thread.item.updated',
      item_id: this.#item.id,
      update: { type: 'workflow.task.added', task_index, task },
    }
  }

  *update(task_index: number, task: Task): Events {
    if (!this.#item || !(task_index in this.#item.workflow.tasks)) return
    this.#item.workflow.tasks[task_index] = task
    yield {
      type: 'thread.item.updated',
      item_id: this.#item.id,
      update: { type: 'workflow.task.updated', task_index, task },
    }
  }

  /** Opens a workflow for a tool, whose first tasks are the tool's own. */
  *startOwn(workflow: Pick<Workflow, 'type'> & Partial<Workflow>): Events {
    this.#own = (workflow.tasks ?? []).map((_, index) => index)
    yield* this.start(workflow)
  }

  /** Adds a task of a tool, in a new custom workflow if none is open. */
  *addOwn(task: Task): Events {
    if (!this.#item) yield* this.startOwn({ type: 'custom' })
    this.#own.push(this.size)
    yield* this.add(task)
  }

  /** Replaces a tool's task by its number among the tool's own tasks. */
  *updateOwn(index: number, task: Task): Events {
    yield* this.update(this.#own[index] ?? -1, task)
  }

  *addThought(delta: string): Events {
    if (!this.#item) return
    if (this.#streamed !== undefined) {
      const task = this.#item.workflow.tasks[this.#streamed]
      if (task?.type !== 'thought') return
      const content = task.content + delta
      this.#item.workflow.tasks[this.#streamed] = { ...task, content }
      if (content.length > EACH_DELTA_CHARS && content.length < this.#sentChars * GROWTH) return
      this.#sentChars = content.length
      yield* this.update(this.#streamed, { ...task, content })
    } else if (this.type === 'reasoning' && this.size === 0) {
      this.#streamed = 0
      this.#sentChars = delta.length
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

  /**
   * Ends the workflow of a turn that broke off: one without tasks is removed, any other is closed.
   */
  *interrupt(): Events {
    if (!this.#item || this.size > 0 || !this.#announced) return yield* this.end()
    const { id } = this.#item
    this.#item = undefined
    this.#announced = false
    yield { type: 'thread.item.removed', item_id: id }
  }

  /**
   * Closes the workflow. Its summary is the given one, its own, or its duration in seconds. Tasks
   * that still load become complete, except calls that go on as tasks. Does nothing if no workflow is open.
   */
  *end(summary?: WorkflowSummary, expanded = false): Events {
    const item = this.#item
    const announced = this.#announced
    if (!item) return
    this.#item = undefined
    this.#announced = false
    this.#streamed = undefined
    if (!announced) return
    const duration = Math.max(0, Math.floor((performance.now() - this.#startedAt) / 1000))
    const { workflow } = item
    const tasks = workflow.tasks.map((task) =>
      task.status_indicator === 'loading' && !goesOn(task) ? { ...task, status_indicator: 'complete' as const } : task,
    )
    yield {
      type: 'thread.item.done',
      item: {
        ...item,
        workflow: { ...workflow, tasks, summary: summary ?? workflow.summary ?? { duration }, expanded },
      },
    }
  }
}

function thought(content: string): Task {
  return { type: 'thought', status_indicator: 'none', content }
}

function goesOn(task: Task): boolean {
  return task.type === 'custom' && task.tool_call?.goes_on === true
}
