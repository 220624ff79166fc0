import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import type { SentWidget } from '#lib/mcp-client/calls/result-widget.ts'
import type { ResultFiles, ShownFiles } from '#lib/mcp-client/files/result-files.ts'
import type { Asking, TaskKeeping } from '#lib/mcp-client/questions/asking.ts'

/** Why a call is not made, as a sentence. `declined`: a person decided so. */
export type CallRefusal = { sentence: string; declined: boolean }

/** The run on whose behalf a connection makes calls. */
export type CallingRun = {
  id: string
  threadId: string
  userId: string
  /** The message that the run answers. A retry of the answer has the same id. */
  turnId?: string
  /**
   * Aborts when the run ends early. The reason is an AppError unless the person stopped the run.
   */
  signal?: AbortSignal
  /** The version of the assistant that asks for a call now. Undefined if none does, or if it has none. */
  findAssistantVersion?: () => string | undefined
  /** The model that asks for a call now, and its provider. Undefined if no model does. */
  findModel?: () => { model: string; provider: { name: string } } | undefined
  /** Where content comes from that others may have written and that the run's model has read. */
  listSources?: () => string[]
  /** Receives a call's progress in words, at most four times a second. */
  onProgress?: (callId: string, said: string) => void
  /** Keeps the files of a result for the person. Without it no file is kept. */
  keepFiles?: ResultFiles['keep']
  /** Takes the questions of servers. Without it, servers are told that nobody can be asked. */
  asking?: Asking
  /** Keeps calls that go on as tasks. Without it, no call is made as a task. */
  tasks?: TaskKeeping
  /** Set if the call repeats one of the ledger, outside any run. */
  repeats?: { callId: string; by: string }
  /**
   * Receives a call's outcome at once. The SDK reports all calls of one model answer together,
   * after the slowest has ended.
   */
  onSettled?: (callId: string, facts: CallFacts) => void
}

/** The outcome of a call. The agent's events read it from the output item's custom data. */
export type CallFacts = {
  server: string
  tool: string
  durationMs: number
  failure?: { class: FailureClass; sentence: string }
  widget?: SentWidget
  /** Where content comes from that others may have written, in a result of our own server. */
  sources?: string[]
  files?: ShownFiles
}
