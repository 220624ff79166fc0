import type { EffectivePolicy } from '#lib/data/servers/policies.ts'
import { env } from '#lib/platform/env.ts'

/** How long (ms) a call may take: to connect and list, without a sign of life, and in all. */
export type Deadlines = { connectMs: number; idleMs: number; hardMs: number }

/** The deadlines of a tool: what an admin decided for it or its server, else the settings. */
export function deadlinesOf({ connectSeconds, idleSeconds, hardSeconds }: EffectivePolicy): Deadlines {
  const { MCP_CONNECT_TIMEOUT, MCP_CALL_TIMEOUT, MCP_CALL_HARD_TIMEOUT } = env()
  return {
    connectMs: (connectSeconds ?? MCP_CONNECT_TIMEOUT) * 1000,
    idleMs: (idleSeconds ?? MCP_CALL_TIMEOUT) * 1000,
    hardMs: (hardSeconds ?? MCP_CALL_HARD_TIMEOUT) * 1000,
  }
}

/** The two clocks of one call. `signal` aborts when either runs out; `expired` then says which. */
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

  /** The tool gave a sign of life: the idle clock starts again. */
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
