/** A model that failed before its first word, so that the run asked another one. */
export type ModelFallback = {
  offeredModelId: string
  model: string
  provider: string
  /** Of a run's failure (lib/data/runs/run-failures.ts). */
  failureClass: string
  /** When it failed (ISO 8601). */
  at: string
}

/** The fallbacks of a run's row, whatever is in the column. */
export function readModelFallbacks(column: unknown): ModelFallback[] {
  return Array.isArray(column) ? (column as ModelFallback[]) : []
}
