import { isDeepStrictEqual } from 'node:util'
import { echoToKeep } from '#lib/agent/models/openai/repair/echo.ts'
import { type HostedCall, toHostedTask } from '#lib/agent/stream/hosted-tasks.ts'
import { type ItemContext, makeItem } from '#lib/agent/stream/item-context.ts'
import type { OpenWorkflow } from '#lib/agent/stream/open-workflow.ts'
import {
  type CallNotes,
  NOT_MADE,
  type Outcome,
  type ToolCall,
  toGoingOnTask,
  toHandoverTask,
  toKeptArguments,
  toLoadingTask,
  toOutputText,
  toSettledTask,
  toStoppedTask,
  toWaitingTask,
} from '#lib/agent/stream/tool-tasks.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Task } from '#lib/chatkit/protocol/items.ts'

type Events = Generator<ThreadStreamEvent, void>
/** How a call is kept that has no result yet. `goesOn`: its task goes on at its server. */
export type Waiting = { keptId: string; output: string; goesOn?: boolean }
type Place = { task: number; workflowId: string | undefined }

/** A tool call of an earlier turn, as the thread keeps it for the model, hidden from clients. */
export type KeptToolCall = {
  kind: 'tool_call'
  call_id: string
  name: string
  arguments: string
  output: string
  workflow_id?: string
  /** What the model's provider wants back with the call. */
  echo?: string
}

/** What the model is told of a call while its approval is pending. */
export const NOT_YET = 'Not made: the person has not approved this call yet.'

/** The open calls of a turn, each a line of the open workflow. */
export class OpenCalls {
  readonly #context: ItemContext
  readonly #workflow: OpenWorkflow
  readonly #describe: (call: ToolCall) => CallNotes
  readonly #functions = new Map<string, ToolCall & Place & { settled?: boolean; keptId?: string; said?: string }>()
  /** How calls ended whose start the run has not reported yet, by call id. */
  readonly #early = new Map<string, Outcome>()
  /** How calls are kept that wait for an answer to their server, or go on as tasks, by call id. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #others = new Map<string, Place & { startedAt: number; stopped: Task }>()

  constructor(context: ItemContext, workflow: OpenWorkflow, describe: (call: ToolCall) => CallNotes = () => ({})) {
    this.#context = context
    this.#workflow = workflow
    this.#describe = describe
  }

  *start(asked: ToolCall): Events {
    const call = { ...asked, ...this.#describe(asked) }
    if (this.#workflow.type === 'reasoning') yield* this.#workflow.end()
    const place = yield* this.#line(toLoadingTask(call))
    this.#functions.set(call.callId, { ...call, ...place })
  }

  /**
   * Resumes a call that waited for a person: in its old line if that is in the open workflow, and
   * kept under its old id.
   */
  *startAgain(asked: ToolCall, keptId: string): Events {
    const call = { ...asked, ...this.#describe(asked) }
    const waiting = toWaitingTask(call)
    const index = this.#workflow.tasks.findIndex(
      (task) => isDeepStrictEqual(task, waiting) || (task.type === 'custom' && task.tool_call?.call_id === call.callId),
    )
    const old = index < 0 ? undefined : { task: index, workflowId: this.#workflow.id }
    if (old) yield* this.#update(old, toLoadingTask(call))
    const place = old ?? (yield* this.#line(toLoadingTask(call)))
    this.#functions.set(call.callId, { ...call, ...place, keptId })
  }

  /**
   * Marks a call as waiting for approval before the turn ends. The model is told that it was not
   * made.
   */
  *pause(callId: string, keptId: string): Events {
    const call = this.#functions.get(callId)
    if (!call) return
    yield* this.#update(call, toWaitingTask(call))
    yield* this.#keep({ ...call, keptId }, NOT_YET)
  }

  /**
   * Marks a call as waiting for an answer to its server, or for the end of its task. The run may not
   * have reported it yet. `output` is what the model is told until then.
   */
  *wait(callId: string, kept: Waiting): Events {
    this.#waiting.set(callId, kept)
    const call = this.#functions.get(callId)
    if (call) yield* this.#update(call, toLine(call, kept))
  }

  /** Shows how far an open call is, in the words of its tool. */
  *progress(callId: string, said: string): Events {
    const call = this.#functions.get(callId)
    if (!call || call.settled) return
    call.said = said
    yield* this.#update(call, toLoadingTask(call, said))
  }

  /** Shows that a call has ended, which may be long before the run reports it. */
  *settle(callId: string, outcome: Outcome): Events {
    const call = this.#functions.get(callId)
    if (!call) this.#early.set(callId, outcome)
    if (!call || call.settled) return
    call.settled = true
    yield* this.#update(call, toSettledTask(call, outcome))
  }

  /** Takes a call's output from the run and keeps it for the next turns. */
  *end(callId: string, output: unknown, outcome?: Outcome): Events {
    const call = this.#functions.get(callId)
    if (!call) return
    const waiting = this.#waiting.get(callId)
    if (waiting) {
      this.#waiting.delete(callId)
      yield* this.#update(call, toLine(call, waiting))
      return yield* this.#keep({ ...call, keptId: waiting.keptId }, waiting.output)
    }
    yield* this.settle(callId, outcome ?? this.#early.get(callId) ?? NOT_MADE)
    yield* this.#keep(call, toOutputText(output))
  }

  /** Opens the line of a tool that the model's provider runs. */
  *startHosted(key: string, call: HostedCall): Events {
    yield* this.#startOther(key, toHostedTask(call), { ...toHostedTask(call), status_indicator: 'none' })
  }

  *endHosted(key: string, call: HostedCall): Events {
    if (!this.#others.has(key)) yield* this.startHosted(key, call)
    yield* this.#endOther(key, (took) => toHostedTask(call, took))
  }

  /** Opens the line of a handover to the assistant with this name. */
  *startHandoff(key: string, to: string): Events {
    yield* this.#startOther(key, toHandoverTask(to, 'loading'), toHandoverTask(to, 'refused'))
  }

  /** Ends it: handed over, or not. */
  *endHandoff(key: string, to: string, isDone: boolean): Events {
    yield* this.#endOther(key, () => toHandoverTask(to, isDone ? 'done' : 'refused'))
  }

  /**
   * Closes the calls that are open when the turn ends early. Their lines say so, and the model is
   * told which have no answer.
   */
  *interrupt(): Events {
    for (const call of [...this.#functions.values()]) {
      if (this.#waiting.get(call.callId)?.goesOn) {
        yield* this.end(call.callId, '')
        continue
      }
      if (!call.settled) yield* this.#update(call, toStoppedTask(call))
      yield* this.#keep(call, 'The turn ended before this call was answered. It may or may not have taken effect.')
    }
    for (const place of this.#others.values()) yield* this.#update(place, place.stopped)
    this.#others.clear()
  }

  *#startOther(key: string, task: Task, stopped: Task): Events {
    const place = yield* this.#line(task)
    this.#others.set(key, { ...place, startedAt: performance.now(), stopped })
  }

  *#endOther(key: string, task: (took: number) => Task): Events {
    const place = this.#others.get(key)
    if (!place) return
    this.#others.delete(key)
    yield* this.#update(place, task(performance.now() - place.startedAt))
  }

  *#line(task: Task): Generator<ThreadStreamEvent, Place> {
    const index = this.#workflow.size
    if (this.#workflow.id) yield* this.#workflow.add(task)
    else yield* this.#workflow.start({ type: 'custom', tasks: [task] })
    return { task: index, workflowId: this.#workflow.id }
  }

  // The workflow of the line may be closed by now. Its index means nothing in another workflow.
  *#update({ task: index, workflowId }: Place, task: Task): Events {
    if (this.#workflow.id === workflowId) yield* this.#workflow.update(index, task)
  }

  *#keep(call: ToolCall & Place & { keptId?: string }, output: string): Events {
    this.#functions.delete(call.callId)
    const echo = echoToKeep(call.echo)
    const content: KeptToolCall = {
      kind: 'tool_call',
      call_id: call.callId,
      name: call.name,
      arguments: toKeptArguments(call),
      output,
      ...(call.workflowId && { workflow_id: call.workflowId }),
      ...(echo !== undefined && { echo }),
    }
    const item = makeItem(this.#context, 'hidden_context')
    yield {
      type: 'thread.item.done',
      item: { ...item, id: call.keptId ?? item.id, type: 'hidden_context_item', content },
    }
  }
}

function toLine(call: ToolCall & { said?: string }, { goesOn }: Waiting): Task {
  return goesOn ? toGoingOnTask(call, call.said) : toWaitingTask(call)
}
