import type { SideEvents } from '#lib/agent/stream/side-events.ts'
import type { ClientToolCall, TurnEvents } from '#lib/agent/stream/turn-events.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Task, WidgetRoot, Workflow, WorkflowSummary } from '#lib/chatkit/protocol/items.ts'
import type { ItemKind, Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { streamWidget } from '#lib/chatkit/server/widgets/stream-widget.ts'

/**
 * A change to a turn that does not come from the run's own events. Steps are applied in the order
 * in which they were asked for.
 */
export type SideStep = (turn: TurnEvents) => Iterable<ThreadStreamEvent>

/**
 * The chat as a tool of the agent sees it (protocol section 2.1). The SDK passes it as part of the
 * run's context. What a tool asks for comes between the events of the run, in order.
 */
export class ChatContext {
  readonly thread: Thread
  readonly store: Store
  readonly #steps: SideEvents<SideStep>

  constructor(thread: Thread, store: Store, steps: SideEvents<SideStep>) {
    this.thread = thread
    this.store = store
    this.#steps = steps
  }

  newItemId(kind: ItemKind): string {
    return this.store.newItemId(kind)
  }

  /** Sends an event for the tool: an item, a notice, progress, an effect on the page. */
  stream(event: ThreadStreamEvent): void {
    this.#steps.push((turn) => turn.show(event))
  }

  /**
   * Shows a widget, or each state of a widget that changes. Resolves after the last state was
   * handed on. Throws what the source throws.
   */
  async streamWidget(widget: WidgetRoot | AsyncIterable<WidgetRoot>, copyText?: string): Promise<void> {
    for await (const event of streamWidget(
      { thread: this.thread, newItemId: () => this.newItemId('message') },
      widget,
      copyText,
    ))
      this.stream(event)
  }

  startWorkflow(workflow: Pick<Workflow, 'type'> & Partial<Workflow>): void {
    this.#steps.push((turn) => turn.startWorkflow(workflow))
  }

  addWorkflowTask(task: Task): void {
    this.#steps.push((turn) => turn.addTask(task))
  }

  /** `index` counts only the tasks that were added here, from 0. */
  updateWorkflowTask(index: number, task: Task): void {
    this.#steps.push((turn) => turn.updateTask(index, task))
  }

  endWorkflow(summary?: WorkflowSummary, expanded?: boolean): void {
    this.#steps.push((turn) => turn.endWorkflow(summary, expanded))
  }

  /**
   * Ends the turn with a client tool call. The agent has to stop at the tool that calls this. The
   * result comes with the next turn.
   */
  callClientTool(call: ClientToolCall): void {
    this.#steps.push((turn) => {
      turn.callClientTool(call)
      return []
    })
  }
}
