import { findItem } from '#lib/agent/approvals/close-approvals.ts'
import { findCallingAssistant } from '#lib/agent/assistants/find-calling-assistant.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import type { AskingTurn } from '#lib/agent/questions/asking-turn.ts'
import { endCallUnanswered, toUnanswered } from '#lib/agent/questions/close-questions.ts'
import { findAnswerRefusal } from '#lib/agent/questions/find-answer-refusal.ts'
import type { ParkedCall } from '#lib/agent/questions/run-questions.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import { mergeEvents } from '#lib/agent/stream/side-events.ts'
import { toOutputText } from '#lib/agent/stream/tool-tasks.ts'
import type { OpenTools } from '#lib/agent/tools/open-tools.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { readCallFacts } from '#lib/mcp-client/calls/call-facts.ts'
import { type Result, TASK_RESULT, WAITING_RESULT } from '#lib/mcp-client/calls/results.ts'

const GONE = 'The tool was removed after it asked, so the answer was not sent.'
const NOT_ITS_TOOL = 'This assistant may no longer use the tool, so the answer was not sent.'

type Kept = ThreadItem & { type: 'hidden_context_item' }
type Ended = { call: ParkedCall; result: Result }

/** The calls of a parked run whose questions are answered. */
export class ContinuedCalls {
  /** The runs that led here. The last one is the run that was parked. */
  readonly runs: readonly string[]
  readonly #calls: ParkedCall[]
  readonly #kept: ReadonlyMap<string, Kept>

  constructor(runs: readonly string[], calls: ParkedCall[], kept: ReadonlyMap<string, Kept>) {
    this.runs = runs
    this.#calls = calls
    this.#kept = kept
  }

  /** Reads the hidden items that keep the calls. A call whose item was deleted has no line. */
  static async read(store: Store, threadId: string, runs: readonly string[], calls: ParkedCall[]) {
    const kept = new Map<string, Kept>()
    for (const { keptId } of calls) {
      const item = await findItem(store, threadId, keptId)
      if (item?.type === 'hidden_context_item') kept.set(keptId, item)
    }
    return new ContinuedCalls(runs, calls, kept)
  }

  /** The workflow that has the lines of the calls. */
  workflowOf(items: ThreadItem[]): WorkflowItem | undefined {
    const ids = new Set([...this.#kept.values()].map(({ content }) => (content as KeptToolCall).workflow_id))
    return items.find((item): item is WorkflowItem => item.type === 'workflow' && ids.has(item.id))
  }

  /**
   * Sends the answers, and puts the results into the items that the model will read. Calls that
   * wait again are among the turn's questions.
   */
  async *finish(open: AskingTurn, tools: OpenTools, known: ReadContext): AsyncGenerator<ThreadStreamEvent> {
    const { events, steps } = open
    for (const { keptId, rowId } of this.#calls) {
      open.tasks?.noteKept(rowId, keptId)
      const kept = this.#kept.get(keptId)?.content as KeptToolCall | undefined
      if (!kept) continue
      const { call_id: callId, name, arguments: args, echo } = kept
      yield* events.startAgain({ callId, name, arguments: args, ...(echo !== undefined && { echo }) }, keptId)
    }
    const ends = this.#calls.map((call) => this.#continue(call, open, tools))
    for await (const event of mergeEvents(inOrder(ends), steps)) {
      if ('side' in event) yield* event.side(events)
      else yield* this.#end(event.main, open, known)
    }
    yield* events.showWidgets()
  }

  async #continue(call: ParkedCall, open: AskingTurn, tools: OpenTools): Promise<Ended> {
    // A server may ask several things at once, and a person answers one after the other.
    if (call.questions.length > 0) {
      open.questions?.park(call)
      return { call, result: WAITING_RESULT }
    }
    const { context, turn } = open
    const { connections } = tools
    const here = { caller: context.caller, threadId: turn.thread.id, connections }
    const refusal = (await mayUse(call, open, tools)) ? await findAnswerRefusal(call, here) : NOT_ITS_TOOL
    const connection = connections.find(({ server }) => server.name === call.server)
    const offered = connection?.offeredRaw(call.tool)
    if (refusal !== undefined || !connection || !offered)
      return { call, result: await this.#refuse(call, open, refusal ?? GONE) }
    // Other servers may have come or gone, and with them the name under which the tool is offered.
    return { call, result: await connection.continueCall({ ...call, name: offered.name }, turn.signal) }
  }

  /** Ends a call in the ledger without sending its answer. Returns what the model reads. */
  async #refuse(call: ParkedCall, { context }: AskingTurn, sentence: string): Promise<Result> {
    await endCallUnanswered(context.caller, { ...call, toolCallId: call.rowId }, 'denied', sentence)
    return { content: [{ type: 'text', text: toUnanswered(call, sentence, 'denied') }], isError: true }
  }

  *#end({ call, result }: Ended, { events }: AskingTurn, known: ReadContext): Generator<ThreadStreamEvent> {
    if (result === WAITING_RESULT || result === TASK_RESULT) return yield* events.endCall(call.callId, '', {})
    const facts = readCallFacts(result._meta)
    const outcome = facts ?? { failure: { class: 'denied', sentence: 'The answer was not sent.' } as const }
    const text = toOutputText(result.content)
    yield* events.endCall(call.callId, text, outcome)
    const place = known.items.findIndex(({ id }) => id === call.keptId)
    const kept = this.#kept.get(call.keptId)
    if (kept && place >= 0)
      known.items[place] = { ...kept, content: { ...(kept.content as KeptToolCall), output: text } }
  }
}

/** True if the assistant that asked for a call may still use its tool. A command is the person's own. */
async function mayUse(
  { rowId, server, tool }: ParkedCall,
  { cast, context }: AskingTurn,
  { review }: OpenTools,
): Promise<boolean> {
  if (!cast || review.isCommand) return true
  const slug = await findCallingAssistant(context.caller, rowId)
  return slug !== undefined && cast.mayUseTool(slug, server, tool)
}

/** The outcomes in the order of the calls. */
async function* inOrder<T>(promises: Promise<T>[]): AsyncGenerator<T> {
  for (const promise of promises) promise.catch(() => undefined)
  for (const promise of promises) yield await promise
}
