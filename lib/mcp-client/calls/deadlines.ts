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
  readonly #hard: NodeJS.Timeout
  #idle: NodeJS.Timeout
  expired: 'idle_timeout' | 'hard_timeout' | undefined

  constructor({ idleMs, hardMs }: Deadlines) {
    this.#idleMs = idleMs
    this.#idle = setTimeout(() => this.#end('idle_timeout'), idleMs)
    this.#hard = setTimeout(() => this.#end('hard_timeout'), hardMs)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Restarts the idle timeout after a sign of life. */
  wind(): void {
    if (this.expired) return
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#end('idle_timeout'), this.#idleMs)
  }

  #end(expired: 'idle_timeout' | 'hard_timeout'): void {
    this.expired ??= expired
    this.#abort.abort(new DOMException(expired, 'TimeoutError'))
  }

  stop(): void {
    clearTimeout(this.#idle)
    clearTimeout(this.#hard)
  }
}
