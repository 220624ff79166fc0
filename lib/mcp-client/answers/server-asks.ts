import type { ServerAsk } from '#lib/mcp-client/answers/no-answer.ts'
import type { Asked } from '#lib/mcp-client/answers/read-answer.ts'

/** Questions that wait to be taken. Each is taken as soon as the client reads it. */
const QUESTIONS_MAX = 100

/** What a server asks for during the calls that are open, by the calls' traces. */
export class ServerAsks {
  readonly #asks = new Map<string, Set<ServerAsk>>()
  /** The traces of the calls on whose streams a server's questions came, by the questions' ids. */
  readonly #askedDuring = new Map<string, string>()

  /** A call begins, of which nothing was asked yet. */
  begin(trace: string): void {
    this.#asks.set(trace, new Set())
  }

  /** A question came on the stream of a call. */
  place(requestId: unknown, asked: Asked | undefined): void {
    if (asked?.trace && this.#askedDuring.size < QUESTIONS_MAX) this.#askedDuring.set(String(requestId), asked.trace)
  }

  /** A request that does not come on a call's own stream may belong to any open call. */
  note(ask: ServerAsk | undefined, asked: Asked | undefined): void {
    if (!ask) return
    if (asked?.trace) this.#asks.get(asked.trace)?.add(ask)
    else for (const asks of this.#asks.values()) asks.add(ask)
  }

  /** The trace of the call on whose stream the server's request with this id came. Forgets it. */
  takeCallOf(requestId: string | number): string | undefined {
    const trace = this.#askedDuring.get(String(requestId))
    this.#askedDuring.delete(String(requestId))
    return trace
  }

  /** Returns what the server asked for during the call with this trace, and forgets it. */
  take(trace: string): ServerAsk[] {
    const asks = this.#asks.get(trace)
    this.#asks.delete(trace)
    return [...(asks ?? [])]
  }
}
