import type { ServerSession, SessionName } from '#lib/mcp-client/sessions/server-session.ts'

/**
 * Keeps one session with a server: it opens when first needed, and begins anew after it did not
 * open or was lost. Whatever was begun is ended by `close`.
 */
export class SessionKeeper {
  readonly #begin: (resumes?: SessionName) => ServerSession
  readonly #begun: ServerSession[] = []
  #current: ServerSession | undefined
  #isClosed = false

  constructor(begin: (resumes?: SessionName) => ServerSession) {
    this.#begin = begin
  }

  /** The session in use, which may still be opening. After `close` it can no longer be opened. */
  get session(): ServerSession {
    if (this.#current) return this.#current
    const session = this.beside()
    this.#current = session
    session.open().catch(() => this.drop(session))
    return session
  }

  /** Begins another session beside the one in use, or goes on in one that was begun earlier. */
  beside(resumes?: SessionName): ServerSession {
    const session = this.#begin(resumes)
    this.#begun.push(session)
    if (this.#isClosed) void session.close()
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
