import { findItem } from '#lib/agent/approvals/close-approvals.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import type { AskingTurn } from '#lib/agent/questions/asking-turn.ts'
import { endCallUnanswered, toUnanswered } from '#lib/agent/questions/close-questions.ts'
import { findAnswerRefusal } from '#lib/agent/questions/find-answer-refusal.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import { mergeEvents } from '#lib/agent/stream/side-events.ts'
import { toKeptArguments, toOutputText } from '#lib/agent/stream/tool-tasks.ts'
import { GOES_ON, type ParkedTask } from '#lib/agent/tasks/run-tasks.ts'
import type { OpenTools } from '#lib/agent/tools/open-tools.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { HiddenContextItem, ThreadItem, WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { endServerTask } from '#lib/data/runs/tasks/server-tasks.ts'
import { readCallFacts } from '#lib/mcp-client/calls/call-facts.ts'
import { type Result, TASK_RESULT, WAITING_RESULT } from '#lib/mcp-client/calls/results.ts'
import { ENDS_TASK } from '#lib/mcp-client/tasks/carry-task.ts'

/** What is said of a result that may not be used. */
const WORDS = {
  changed: 'The tool was changed or taken away since it was called, so its result was not used.',
  notAllowed: 'This tool now needs your approval, so its result was not used.',
}

type Ended = { call: ParkedTask; result: Result }

/** The calls of a parked run whose tasks have come to something. */
export class TakenUpCalls {
  /** The runs that led here. The last one is the run that was parked. */
  readonly runs: readonly string[]
  #calls: ParkedTask[]
  readonly #kept: Map<string, HiddenContextItem>
  readonly #workflows: WorkflowItem[]

  private constructor(
    runs: readonly string[],
    calls: ParkedTask[],
    { kept, workflows }: { kept: Map<string, HiddenContextItem>; workflows: WorkflowItem[] },
  ) {
    this.runs = runs
    this.#calls = calls
    this.#kept = kept
    this.#workflows = workflows
  }

  /**
   * Reads the hidden items that keep the calls. A call without one is kept anew: its process died
   * before it was kept, or its item was deleted.
   */
  static async read(store: Store, threadId: string, runs: readonly string[], calls: ParkedTask[]) {
    const kept = new Map<string, HiddenContextItem>()
    for (const call of calls) {
      const item = await findItem(store, threadId, call.keptId)
      if (item?.type === 'hidden_context_item') kept.set(call.keptId, item)
    }
    const workflows: WorkflowItem[] = []
    for (const id of new Set([...kept.values()].map(({ content }) => (content as KeptToolCall).workflow_id))) {
      const item = id === undefined ? null : await findItem(store, threadId, id)
      if (item?.type === 'workflow') workflows.push(item)
    }
    return new TakenUpCalls(runs, calls, { kept, workflows })
  }

  /** The workflow that has the lines of the calls, also if the thread's summary covers it. */
  workflowOf(): WorkflowItem | undefined {
    return this.#workflows[0]
  }

  /**
   * Reads the results and puts them into the items that the model will read. If the person has
   * written since the calls, the calls are kept after what was said since, so that the model answers
   * to them now.
   */
  async *finish(open: AskingTurn, tools: OpenTools, known: ReadContext): AsyncGenerator<ThreadStreamEvent> {
    const { events, steps, turn } = open
    const last = known.items.findLastIndex(({ type }) => type === 'user_message')
    this.#calls = this.#calls.map((call) => this.#keepAfterSummary(call, open, known))
    for (const call of this.#calls) {
      const { callId, keptId, rowId, name, args } = call
      open.tasks?.noteKept(rowId, keptId)
      for (const [place, { id }] of [...known.items.entries()].reverse()) {
        if (!keepsCall(known.items[place], callId) || (id === keptId && place > last)) continue
        await turn.store.deleteItem(turn.thread.id, id)
        known.items.splice(place, 1)
      }
      const kept = this.#kept.get(keptId)?.content as KeptToolCall | undefined
      const { arguments: written = JSON.stringify(args), echo } = kept ?? {}
      yield* events.startAgain({ callId, name, arguments: written, ...(echo !== undefined && { echo }) }, keptId)
    }
    const ends = this.#calls.map((call) => this.#takeUp(call, open, tools))
    for await (const event of mergeEvents(inOrder(ends), steps)) {
      if ('side' in event) yield* event.side(events)
      else yield* this.#end(event.main, open, known)
    }
    yield* events.showWidgets()
  }

  /**
   * The call under another id if the thread's summary covers the item that keeps it: an item stays
   * in its place, where no later turn would read the result.
   */
  #keepAfterSummary(call: ParkedTask, { turn }: AskingTurn, known: ReadContext): ParkedTask {
    const kept = this.#kept.get(call.keptId)
    if (!kept || known.items.some(({ id }) => id === call.keptId)) return call
    const keptId = turn.store.newItemId('hidden_context')
    this.#kept.set(keptId, { ...kept, id: keptId })
    return { ...call, keptId }
  }

  async #takeUp(call: ParkedTask, { context, turn, tasks }: AskingTurn, tools: OpenTools): Promise<Ended> {
    const { connections, unavailable } = tools
    const missing = unavailable.find(({ server }) => server === call.server)
    // A server that is away for a while still has the result.
    if (missing && !ENDS_TASK.has(missing.failureClass) && (await tasks?.putBack(call))) {
      tasks?.park(call)
      return { call, result: TASK_RESULT }
    }
    const here = { caller: context.caller, threadId: turn.thread.id, connections }
    const refusal = await findAnswerRefusal(call, here, WORDS)
    const connection = connections.find(({ server }) => server.name === call.server)
    const offered = connection?.offeredRaw(call.tool)
    if (refusal !== undefined || !connection || !offered)
      return { call, result: await this.#refuse(call, context.caller, refusal ?? WORDS.changed) }
    // Other servers may have come or gone, and with them the name under which the tool is offered.
    return { call, result: await connection.continueCall({ ...call, name: offered.name }, turn.signal) }
  }

  /** Ends a call in the ledger without reading its result. Returns what the model reads. */
  async #refuse(call: ParkedTask, caller: { userId: string }, sentence: string): Promise<Result> {
    await endCallUnanswered(caller, { ...call, toolCallId: call.rowId }, 'denied', sentence)
    await endServerTask(caller, call.rowId)
    return { content: [{ type: 'text', text: toUnanswered(call, sentence, 'denied') }], isError: true }
  }

  *#end({ call, result }: Ended, { events, turn }: AskingTurn, known: ReadContext): Generator<ThreadStreamEvent> {
    if (result === WAITING_RESULT || result === TASK_RESULT) return yield* events.endCall(call.callId, '', {})
    const facts = readCallFacts(result._meta)
    const outcome = facts ?? { failure: { class: 'denied', sentence: 'The result was not used.' } as const }
    const text = toOutputText(result.content)
    yield* events.endCall(call.callId, text, outcome)
    const place = known.items.findIndex(({ id }) => id === call.keptId)
    const kept = (known.items[place] as HiddenContextItem | undefined) ?? makeKept(turn.thread.id, call)
    const item = { ...kept, content: { ...(kept.content as KeptToolCall), output: text } }
    if (place >= 0) known.items[place] = item
    else known.items.push(item)
  }
}

/** True for an item that keeps this call. One that was cut off may be kept under another id. */
function keepsCall(item: ThreadItem | undefined, callId: string): boolean {
  return item?.type === 'hidden_context_item' && (item.content as Partial<KeptToolCall> | null)?.call_id === callId
}

function makeKept(threadId: string, { callId, keptId, name, args }: ParkedTask): HiddenContextItem {
  const content: KeptToolCall = {
    ...{ kind: 'tool_call', call_id: callId, name, output: GOES_ON },
    arguments: toKeptArguments({ callId, name, arguments: JSON.stringify(args) }),
  }
  return { id: keptId, thread_id: threadId, created_at: new Date().toISOString(), type: 'hidden_context_item', content }
}

/** The outcomes in the order of the calls. */
async function* inOrder<T>(promises: Promise<T>[]): AsyncGenerator<T> {
  for (const promise of promises) promise.catch(() => undefined)
  for (const promise of promises) yield await promise
}
