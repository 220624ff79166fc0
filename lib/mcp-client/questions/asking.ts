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
  }

/** What became of a question for which a call is held open. */
export type HeldAnswer = (QuestionAnswer & { refused?: undefined }) | { refused: string }

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
