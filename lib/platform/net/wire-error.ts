/**
 * A request failed below HTTP; the cause has the code. `left`: the request had already left for the
 * server. `secure`: the address is https. No AppError: `toMcpFailure` has the sentences.
 */
export class WireError extends Error {
  readonly left: boolean
  readonly secure: boolean

  constructor(cause: unknown, { left, secure = false }: { left: boolean; secure?: boolean }) {
    super(cause instanceof Error ? cause.message : 'the connection broke', { cause })
    this.name = 'WireError'
    this.left = left
    this.secure = secure
  }
}
