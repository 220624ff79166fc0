import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import type { SentWidget } from '#lib/mcp-client/calls/result-widget.ts'

/** Why a call is not made, as a sentence; `declined` if a person decided so. */
export type CallRefusal = { sentence: string; declined: boolean }

/** The run whose calls a connection makes. */
export type CallingRun = {
  id: string
  threadId: string
  userId: string
  /** The person's message that the run answers: another attempt at it has the same. */
  turnId?: string
  /** Finds the model's id of a call that is about to be made. */
  callIdOf: (tool: string, args: unknown) => string | undefined
  /** Why a call must not be made: it goes into the ledger as denied, or as declined if the person said no. */
  refusal?: (callId: string | undefined) => CallRefusal | undefined
  /** Aborts when the run ends early; its reason is an AppError where not the person stopped it. */
  signal?: AbortSignal
  /** Told of a call's progress in words, four times a second at most. */
  onProgress?: (callId: string, said: string) => void
  /** Set where the call is one of the ledger that is made again, outside any run. */
  repeats?: { callId: string; by: string }
  /** Told of a call's end at once; the SDK tells of all calls of an answer together, when the slowest has ended. */
  onSettled?: (callId: string, facts: CallFacts) => void
}

/** What became of a call; the agent's events read it from the output item's custom data. */
export type CallFacts = {
  server: string
  tool: string
  durationMs: number
  failure?: { class: FailureClass; sentence: string }
  widget?: SentWidget
}
