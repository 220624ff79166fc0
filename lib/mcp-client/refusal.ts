import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * Why we did not send a request: its failure class and a sentence for the person and the model.
 * Nothing has reached the server.
 */
export class Refusal extends AppError {
  readonly failureClass: FailureClass
  /** The server's id, if the person can fix this by connecting an account. */
  readonly connect: string | undefined

  constructor(failureClass: FailureClass, sentence: string, detail: { cause?: unknown; connect?: string } = {}) {
    super(failureClass === 'denied' ? 'forbidden' : 'unavailable', sentence, { cause: detail.cause })
    this.name = 'Refusal'
    this.failureClass = failureClass
    this.connect = detail.connect
  }
}

/** The refusal inside an error, however the SDK wrapped it. */
export function findRefusal(error: unknown): Refusal | undefined {
  for (let at = error, depth = 0; at instanceof Object && depth < 8; depth += 1) {
    if (at instanceof Refusal) return at
    const { cause, data } = at as { cause?: unknown; data?: { cause?: unknown } }
    at = cause ?? data?.cause
  }
  return undefined
}

/** Why a server is not asked whose address is another now. */
export function toMovedSentence(server: string): string {
  return `The address of ${server} was changed by an administrator.`
}
