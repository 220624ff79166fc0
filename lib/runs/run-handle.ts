import type { ModelFallback } from '#lib/data/models/model-fallbacks.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'
import type { RunFailureClass } from '#lib/data/runs/run-failures.ts'
import type { SettledRequest } from '#lib/data/usage/model-requests.ts'

/** What the work of a run knows about its run, and how it reports to it. */
export type RunHandle = {
  id: string
  threadId: string
  /**
   * Aborts when the run must end early. The reason is an AppError unless the person stopped the
   * run.
   */
  signal: AbortSignal
  /**
   * Records facts about the run in its row. Numbers are totals so far. `webReadAt` is when its model
   * last read what a tool of the model's provider brought.
   */
  report(facts: {
    /** The model that answers, its provider, and its id among those that are offered. */
    model?: string
    /** The version of the assistant that answers now; null for Switchboard as it is built in. */
    assistantVersionId?: string | null
    provider?: string
    offeredModelId?: string
    fallbacks?: ModelFallback[]
    inputTokens?: number
    outputTokens?: number
    modelCalls?: number
    webReadAt?: Date
  }): void
  /** Stores a request to a model that has ended, soon, with what the run writes anyway. */
  keepRequest(request: SettledRequest): void
  /**
   * Marks the run as failed; the first call wins. `publicMessage` is the sentence that the person
   * saw, `detail` is for operators.
   */
  fail(failureClass: RunFailureClass, publicMessage: string, detail?: FailureDetail): void
  /**
   * Parks the run until a person decides: its process ends here, its row says so, and a later run
   * resumes it.
   */
  wait(): void
}
