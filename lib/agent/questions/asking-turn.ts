import type { TurnCast } from '#lib/agent/assistants/turn-cast.ts'
import type { RunQuestions } from '#lib/agent/questions/run-questions.ts'
import type { SideStep } from '#lib/agent/stream/chat-context.ts'
import type { SideEvents } from '#lib/agent/stream/side-events.ts'
import type { TurnEvents } from '#lib/agent/stream/turn-events.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import type { TaskKeeping } from '#lib/mcp-client/questions/asking.ts'

/** A turn during whose calls servers ask. */
export type AskingTurn = {
  turn: Turn
  context: TurnContext
  events: TurnEvents
  steps: SideEvents<SideStep>
  questions: RunQuestions | undefined
  /** The parked runs that the turn goes on with, the first one first. */
  runs: readonly string[]
  cast: TurnCast | undefined
  /** Takes under which item a call is kept that is a task at its server, and the tasks that go on. */
  tasks: (Pick<TaskKeeping, 'putBack' | 'park'> & { noteKept(rowId: string, keptId: string): void }) | undefined
}
