/** The thrown value as an Error, because pages get only Errors. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** The message to show to the person; null for a plain Error and for anything else thrown. */
export function findMessage(error: unknown): string | null {
  return error instanceof Error && error.name !== 'Error' ? error.message : null
}
