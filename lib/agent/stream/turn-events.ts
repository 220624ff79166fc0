import type { RunStreamEvent } from '@openai/agents'
import { type ItemContext, makeItem } from '#lib/agent/stream/item-context.ts'
import { OpenCalls, type Waiting } from '#lib/agent/stream/open-calls.ts'
import { type ImageOptions, OpenImages } from '#lib/agent/stream/open-images.ts'
import { OpenMessages } from '#lib/agent/stream/open-messages.ts'
import { OpenWorkflow } from '#lib/agent/stream/open-workflow.ts'
import { ResultWidgets } from '#lib/agent/stream/result-widgets.ts'
import { SdkEvents } from '#lib/agent/stream/sdk-events.ts'
import type { toAnnotation } from '#lib/agent/stream/to-annotation.ts'
import type { CallNotes, Outcome, ToolCall } from '#lib/agent/stream/tool-tasks.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import {
  isHidden,
  type Task,
  type ThreadItem,
  type Workflow,
  type WorkflowItem,
  type WorkflowSummary,
} from '#lib/chatkit/protocol/items.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'

type Events = Generator<ThreadStreamEvent, void>

/** Options of the mapping. */
export type TurnOptions = ImageOptions & {
  /** Converts a citation to a footnote; null drops it. */
  annotate?: typeof toAnnotation
  /**
   * Names of tools that the page carries out. They get no line, and their placeholder output is not
   * kept.
   */
  clientTools?: ReadonlySet<string>
  /** What a call's line shows besides the model's words. */
  describeCall?: (call: ToolCall) => CallNotes
  /** The name for people of an agent, or of the agent that a tool hands over to. */
  nameAssistant?: (named: string) => string
}

/**
 * A call of a tool that the page carries out, with the model's ids of the call if they are known.
 */
export type ClientToolCall = { name: string; arguments: Record<string, unknown>; callId?: string; itemId?: string }

/**
 * Maps the events of an agent run, and what its tools put into the chat, to thread events, without
 * any IO (protocol sections 2.1 and 2.2). Tracks all that the turn has open, so that nothing stays
 * half open however the turn ends.
 */
export class TurnEvents {
  readonly #context: ItemContext
  readonly #messages: OpenMessages
  readonly #images: OpenImages
  readonly #workflow: OpenWorkflow
  readonly #calls: OpenCalls
  readonly #run: SdkEvents
  readonly #widgets: ResultWidgets
  /** The ids of all items that this turn has shown or stored. */
  readonly #produced = new Set<string>()
  #clientTool: ClientToolCall | undefined

  constructor(context: ItemContext, options: TurnOptions = {}) {
    this.#context = context
    this.#messages = new OpenMessages(context, options.annotate)
    this.#images = new OpenImages(context, options)
    this.#workflow = new OpenWorkflow(context)
    this.#calls = new OpenCalls(context, this.#workflow, options.describeCall)
    const open = { messages: this.#messages, images: this.#images, workflow: this.#workflow, calls: this.#calls }
    this.#widgets = new ResultWidgets(context)
    this.#run = new SdkEvents(open, options.clientTools ?? new Set(), options.nameAssistant)
  }

  /** Takes the items of the thread so far, and the workflow that this turn continues. */
  begin(items: ThreadItem[], workflow?: WorkflowItem): void {
    this.#widgets.begin(items)
    if (workflow) this.#workflow.resume(workflow)
  }

  take(event: RunStreamEvent): Events {
    this.#widgets.note(event)
    if (this.#widgets.areDue(event)) return this.#noted(this.#takeAfterWidgets(event))
    return this.#noted(this.#run.take(event))
  }

  /** Shows the widgets of results that the model did not go on after. */
  showWidgets(): Events {
    return this.#noted(this.#showWidgets())
  }

  /** Resumes a call that waited for a person and is kept under `keptId`. */
  startAgain(call: ToolCall, keptId: string): Events {
    return this.#noted(this.#calls.startAgain(call, keptId))
  }

  /** Marks a call as waiting for approval. It is kept under `keptId` as not made. */
  pause(callId: string, keptId: string): Events {
    return this.#noted(this.#calls.pause(callId, keptId))
  }

  /** Marks a call as waiting for an answer to its server, or for the end of its task. */
  wait(callId: string, kept: Waiting): Events {
    return this.#noted(this.#calls.wait(callId, kept))
  }

  /** Ends a call outside the run's events: `output` is what the model reads. */
  endCall(callId: string, output: unknown, outcome: Outcome & Partial<CallFacts>): Events {
    const { server = '', widget } = outcome
    this.#widgets.noteResult(callId, { server, widget })
    return this.#noted(this.#calls.end(callId, output, outcome))
  }

  /** Shows an item without ending the open workflow, whose calls still run. */
  showBeside(event: ThreadStreamEvent): Events {
    return this.#noted([event].values())
  }

  /** Shows how far a call of this turn is, in the words of its tool. */
  progress(callId: string, said: string): Events {
    return this.#noted(this.#calls.progress(callId, said))
  }

  /** Shows that a call of this turn has ended, which may be long before the run reports it. */
  settled(callId: string, facts: CallFacts): Events {
    this.#widgets.noteFiles(callId, facts)
    return this.#noted(this.#calls.settle(callId, facts))
  }

  /**
   * Shows an event that a tool sends. A visible item ends the open workflow, unless it is a client
   * tool call.
   */
  show(event: ThreadStreamEvent): Events {
    return this.#noted(this.#show(event))
  }

  /** Opens a workflow for a tool. The open one is closed first. */
  startWorkflow(workflow: Pick<Workflow, 'type'> & Partial<Workflow>): Events {
    return this.#noted(this.#workflow.startOwn(workflow))
  }

  /** Adds a task of a tool, in a new custom workflow if none is open. */
  addTask(task: Task): Events {
    return this.#noted(this.#workflow.addOwn(task))
  }

  /**
   * Replaces a tool's task by its number among the tool's own tasks. An unknown number changes
   * nothing.
   */
  updateTask(index: number, task: Task): Events {
    return this.#noted(this.#workflow.updateOwn(index, task))
  }

  endWorkflow(summary?: WorkflowSummary, expanded = false): Events {
    return this.#noted(this.#workflow.end(summary, expanded))
  }

  /** Ends the turn with a client tool call. There is one a turn; the last one counts. */
  callClientTool(call: ClientToolCall): void {
    this.#clientTool = call
  }

  /** Closes what is open after the run ended, and hands over to the page if its tool was called. */
  end(): Events {
    return this.#noted(this.#end())
  }

  /**
   * Closes what is open after the run was stopped or broke. The model is told which calls have no
   * answer.
   */
  interrupt(): Events {
    return this.#noted(this.#interrupt())
  }

  /** Removes everything that the turn has shown or kept, because a guardrail rejected it. */
  *rollBack(): Events {
    for (const item_id of this.#produced) yield { type: 'thread.item.removed', item_id }
    this.#produced.clear()
  }

  *#noted(events: Iterable<ThreadStreamEvent>): Events {
    for (const event of events) {
      if (event.type === 'thread.item.added' || event.type === 'thread.item.done') this.#produced.add(event.item.id)
      if (event.type === 'thread.item.removed') this.#produced.delete(event.item_id)
      yield event
    }
  }

  *#takeAfterWidgets(event: RunStreamEvent): Events {
    yield* this.#showWidgets()
    yield* this.#run.take(event)
  }

  *#showWidgets(): Events {
    for (const shown of this.#widgets.take()) yield* this.#show(shown)
  }

  *#show(event: ThreadStreamEvent): Events {
    if (event.type === 'thread.item.added' || event.type === 'thread.item.done') {
      const { item } = event
      const goesOn = item.id === this.#workflow.id || item.type === 'client_tool_call' || isHidden(item)
      if (!goesOn) yield* this.#workflow.end()
      if (item.type === 'workflow' && event.type === 'thread.item.added') this.#workflow.resume(item)
    }
    yield event
  }

  *#end(): Events {
    yield* this.#closeAll()
    yield* this.#workflow.end()
    const call = this.#clientTool
    if (!call) return
    this.#clientTool = undefined
    const { called } = this.#run
    const seen = called.findLast(({ name }) => name === call.name) ?? called.at(-1)
    const item = makeItem(this.#context, 'tool_call')
    yield {
      type: 'thread.item.done',
      item: {
        ...item,
        id: call.itemId ?? seen?.itemId ?? item.id,
        type: 'client_tool_call',
        status: 'pending',
        call_id: call.callId ?? seen?.callId ?? this.#context.newItemId('tool_call'),
        name: call.name,
        arguments: call.arguments,
      },
    }
  }

  *#interrupt(): Events {
    yield* this.#closeAll()
    yield* this.#workflow.interrupt()
    this.#widgets.end()
    yield* this.#showWidgets()
  }

  *#closeAll(): Events {
    yield* this.#messages.interrupt()
    yield* this.#images.interrupt()
    yield* this.#calls.interrupt()
  }
}
