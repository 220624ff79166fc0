/** What was thrown, as an Error: pages get Errors only. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** The sentence that a person is shown: only errors of the element's own kinds have one. */
export function messageOf(error: unknown): string | null {
  return error instanceof Error && error.name !== 'Error' ? error.message : null
}
