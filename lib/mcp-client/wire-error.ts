/** What broke a request below HTTP; the cause has the code. `left`: it broke after the request had left for the server. */
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
