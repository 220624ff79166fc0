import type { ServerSession } from '#lib/mcp-client/connection/server-session.ts'

/**
 * Keeps one session with a server: it opens when first needed, and begins anew after it did not
 * open or was lost. Whatever was begun is ended by `close`.
 */
export class SessionKeeper {
  readonly #begin: () => ServerSession
  readonly #begun: ServerSession[] = []
  #current: ServerSession | undefined
  #isClosed = false

  constructor(begin: () => ServerSession) {
    this.#begin = begin
  }

  /** The session in use, which may still be opening. After `close` it can no longer be opened. */
  get session(): ServerSession {
    if (this.#current) return this.#current
    const session = this.#begin()
    this.#current = session
    this.#begun.push(session)
    if (this.#isClosed) void session.close()
    session.open().catch(() => this.drop(session))
    return session
  }

  /**
   * Has the next request use another session. Requests that still run on this one come to their own
   * end.
   */
  drop(session: ServerSession): void {
    if (this.#current === session) this.#current = undefined
  }

  /** Ends all sessions, within 5 s after their handshakes. Never throws. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#begun.map((session) => session.close()))
  }
}
