import type { ResumedRun } from '#lib/agent/approvals/resumed-run.ts'
import type { TurnCast } from '#lib/agent/assistants/turn-cast.ts'
import { ContextFill } from '#lib/agent/context/context-fill.ts'
import { SentFiles } from '#lib/agent/input/sent-files.ts'
import type { MemoryProposals } from '#lib/agent/memory/memory-proposals.ts'
import { findAnswerRefusal } from '#lib/agent/questions/find-answer-refusal.ts'
import type { RunQuestions } from '#lib/agent/questions/run-questions.ts'
import type { SideStep } from '#lib/agent/stream/chat-context.ts'
import type { ItemContext } from '#lib/agent/stream/item-context.ts'
import { SideEvents } from '#lib/agent/stream/side-events.ts'
import { TurnEvents } from '#lib/agent/stream/turn-events.ts'
import type { RunTasks } from '#lib/agent/tasks/run-tasks.ts'
import { findOrigin, toSentArguments } from '#lib/agent/tools/agent-tools.ts'
import type { OpenTools } from '#lib/agent/tools/open-tools.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import type { AskingModel } from '#lib/data/models/model-of-runs.ts'
import type { AskingCall } from '#lib/mcp-client/questions/asking.ts'

/** The parked run that a turn goes on with. */
type TurnOrigin = { resumed?: ResumedRun | undefined; continued?: { runs: readonly string[] } | undefined }

/** What one turn of the agent has open, from its first event to its last. */
export class OpenTurn {
  readonly turn: Turn
  readonly context: TurnContext
  /** The parked run that this turn resumes. */
  readonly resumed: ResumedRun | undefined
  /** The parked runs that this turn goes on with, the first one first. */
  readonly runs: readonly string[]
  /** The questions that servers ask, once it is known whom. */
  questions: RunQuestions | undefined
  /** The calls that go on as tasks, once it is known for whom. */
  tasks: RunTasks | undefined
  readonly making: ItemContext
  /** What the turn shows: the run's events become thread events here. */
  readonly events: TurnEvents
  /** Changes that come from tools and the model's server, between the run's events. */
  readonly steps = new SideEvents<SideStep>()
  readonly files: SentFiles
  readonly fill = new ContextFill()
  /** What the model proposes to remember, if it may. */
  proposals: MemoryProposals | undefined
  /** The tool servers, once they are open. */
  tools: OpenTools | undefined
  /** The assistants, once they are known. */
  cast: TurnCast | undefined
  /** The model that asks for the calls that are made now, once a provider's model has asked for one. */
  askedBy: AskingModel | undefined
  /** The name of an assistant for people, by its agent's name or that of a tool that hands over to it. */
  nameAssistant = (named: string): string => named

  constructor(turn: Turn, context: TurnContext, { resumed, continued }: TurnOrigin = {}) {
    this.turn = turn
    this.context = context
    this.resumed = resumed
    this.runs = (resumed ?? continued)?.runs ?? []
    const { thread, store } = turn
    this.making = { threadId: thread.id, newItemId: (kind) => store.newItemId(kind), now: () => new Date() }
    this.events = new TurnEvents(this.making, {
      describeCall: (call) => {
        const connections = this.tools?.connections ?? []
        const title = findOrigin(connections, call.name)?.title
        return { sent: toSentArguments(connections, call), title, runId: context.run.id }
      },
      nameAssistant: (named) => this.nameAssistant(named),
    })
    this.files = new SentFiles(context.caller)
  }

  /** Why the answer to a question during this call may not be sent any more, as a sentence. */
  findAnswerRefusal(call: AskingCall): Promise<string | undefined> {
    const { caller } = this.context
    const connections = this.tools?.connections ?? []
    return findAnswerRefusal(call, { caller, threadId: this.turn.thread.id, connections })
  }
}
