import type { TaskHandle } from '#lib/mcp-client/answers/task-handle.ts'
import type { QuestionAnswer, ServerQuestion } from '#lib/mcp-client/questions/server-question.ts'

/** How often a server may ask during one call, whatever the revision. */
export const ROUNDS_MAX = 5
/** How many questions a server may ask at once. */
const AT_ONCE_MAX = 5
/** What a server is told that asks more. */
export const TOO_MANY = 'Switchboard asks its person at most five things at once, and five times during a call.'

/** A call during which a server asks. */
export type AskingCall = {
  callId: string
  /** The id of the call's row in the ledger. */
  rowId: string
  server: string
  tool: string
  /** The arguments as the model gave them. */
  args: Record<string, unknown>
  /** A hash of the tool's definition when it was called. */
  toolHash: string
  /** The tool changes nothing. */
  onlyReads: boolean
}

/**
 * What a call waits for (2026-07-28): the answers that its server wants, by their keys, and the
 * state that goes back with them byte for byte. `answers` are those that need no person.
 */
export type WantedInput = {
  questions: [key: string, ServerQuestion][]
  answers: Record<string, QuestionAnswer>
  requestState?: string
}

/** A call that waits without a process, as it will be continued. */
export type WaitingCall = AskingCall &
  WantedInput & {
    /** The public name of the tool. */
    name: string
    /** How often the server has asked, and how long (ms) it has worked. */
    rounds: number
    workedMs: number
    /** The task as which the call goes on at its server. */
    task?: TaskHandle
  }

/** What became of a question for which a call is held open. */
export type HeldAnswer = (QuestionAnswer & { refused?: undefined }) | { refused: string }

/** A call that goes on as a task at its server. */
export type WaitingTask = WaitingCall & { task: TaskHandle }

/** Keeps the tasks that calls of a run become, for whichever run takes up their results. */
export type TaskKeeping = {
  /**
   * Stores a task, before anything else is done with it, or that its server is to be asked again.
   * `inMs`: when the server wants to be asked. `forMs`: how long it may take in total.
   */
  begin(
    call: WaitingTask,
    state: { said?: string | undefined; inMs?: number | undefined; forMs: number },
  ): Promise<void>
  /** Has the server of a task asked again later, because it cannot be reached now. False if that cannot be stored. */
  putBack(call: WaitingTask): Promise<boolean>
  /** Takes a call whose task goes on. The run has to end, and a later one takes up the result. */
  park(call: WaitingTask): void
  /** Notes that the task of a call waits for its person's answer. */
  ask(rowId: string): Promise<void>
  /** The call of a task has ended: nobody asks for the task any more. */
  end(rowId: string): Promise<void>
}

/** Takes the questions that servers ask during the calls of a run, for its person. */
export type Asking = {
  /**
   * Asks while the call stays open (before 2026-07-28). Resolves to the answer: cancelled if none
   * came in time; the sentence `refused` if the answer may not be sent any more. Aborting `signal`
   * withdraws the question; then it throws the reason.
   */
  hold(call: AskingCall, question: ServerQuestion, signal: AbortSignal): Promise<HeldAnswer>
  /** Takes a call that waits for answers (2026-07-28). The run has to end, and is resumed by them. */
  park(call: WaitingCall): void
  /** Tells the person why a question was not put to them. */
  note(call: Pick<AskingCall, 'server' | 'tool'>, sentence: string): void
}

/** For connections that only list tools: a server sees what a chat can do, and no call is made. */
export const LISTS_ONLY: Asking = {
  hold: () => Promise.reject(new Error('a connection that only lists has asked')),
  park: () => {
    throw new Error('a connection that only lists has parked a call')
  },
  note: () => undefined,
}

/** True for so many questions at once that nobody would read them. */
export function isTooMany(questions: unknown[]): boolean {
  return questions.length > AT_ONCE_MAX
}
