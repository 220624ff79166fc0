import type { EffectivePolicy } from '#lib/data/servers/policies.ts'
import { env } from '#lib/platform/env.ts'

/** The timeouts (ms) of a call: connect (which includes listing), idle and total (`hardMs`). */
export type Deadlines = { connectMs: number; idleMs: number; hardMs: number }

/** The timeouts of a tool: an admin's policy for the tool or its server, else the settings. */
export function deadlinesOf({ connectSeconds, idleSeconds, hardSeconds }: EffectivePolicy): Deadlines {
  const { MCP_CONNECT_TIMEOUT, MCP_CALL_TIMEOUT, MCP_CALL_HARD_TIMEOUT } = env()
  return {
    connectMs: (connectSeconds ?? MCP_CONNECT_TIMEOUT) * 1000,
    idleMs: (idleSeconds ?? MCP_CALL_TIMEOUT) * 1000,
    hardMs: (hardSeconds ?? MCP_CALL_HARD_TIMEOUT) * 1000,
  }
}

/**
 * The idle and total timeouts of one call. `signal` aborts when either expires; `expired` then says
 * which.
 */
export class CallClocks {
  readonly #abort = new AbortController()
  readonly #idleMs: number
  #hard: NodeJS.Timeout
  #idle: NodeJS.Timeout
  /** What is left (ms) of the total timeout when the clocks next run, and since when they do. */
  #left: number
  #since = performance.now()
  #pauses = 0
  #isStopped = false
  expired: 'idle_timeout' | 'hard_timeout' | undefined

  constructor({ idleMs, hardMs }: Deadlines) {
    this.#idleMs = idleMs
    this.#left = hardMs
    this.#idle = setTimeout(() => this.#end('idle_timeout'), idleMs)
    this.#hard = setTimeout(() => this.#end('hard_timeout'), hardMs)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Restarts the idle timeout after a sign of life. */
  wind(): void {
    if (this.expired || this.#pauses > 0) return
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#end('idle_timeout'), this.#idleMs)
  }

  /**
   * Stops both timeouts while the server waits for a person, until every pause is disposed of. Then
   * the idle timeout starts anew, and the total one goes on.
   */
  pause(): Disposable {
    if (this.#pauses === 0) {
      this.#clear()
      this.#left -= performance.now() - this.#since
    }
    this.#pauses += 1
    return {
      [Symbol.dispose]: () => {
        this.#pauses -= 1
        if (this.#pauses > 0 || this.#isStopped || this.expired) return
        this.#since = performance.now()
        this.#hard = setTimeout(() => this.#end('hard_timeout'), this.#left)
        this.wind()
      },
    }
  }

  #end(expired: 'idle_timeout' | 'hard_timeout'): void {
    this.expired ??= expired
    this.#abort.abort(new DOMException(expired, 'TimeoutError'))
  }

  /** Ends both timeouts for good. */
  stop(): void {
    this.#isStopped = true
    this.#clear()
  }

  #clear(): void {
    clearTimeout(this.#idle)
    clearTimeout(this.#hard)
  }
}
