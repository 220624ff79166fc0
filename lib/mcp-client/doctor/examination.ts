import type { Phase } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'

/**
 * The result of one step. `fault` is a failure class of the ledger or one of the doctor's own;
 * `fix` says what to change.
 */
export type Step = {
  name: string
  outcome: 'ok' | 'warning' | 'failed' | 'skipped'
  ms: number
  said: string
  fault?: string
  fix?: string
}

/**
 * A finding that fails a step. `fault` names it; `stop` also ends the examination. No AppError: it
 * is a result, which the admin reads with its fix.
 */
export class Finding extends Error {
  readonly fault: string
  readonly stop: boolean
  readonly fix: string | undefined
  constructor(fault: string, said: string, { stop = true, fix }: { stop?: boolean; fix?: string } = {}) {
    super(said)
    this.fault = fault
    this.stop = stop
    this.fix = fix
  }
}

/** What a step found: a sentence, a value for later steps, and a warning with its fix, if any. */
export type Found<T> = { said: string; value?: T; warn?: { fault: string; fix: string } }

/** The inputs and tools of an examination. */
export type Examination = {
  server: McpServer
  url: URL
  /** Opens a connection of its own, on behalf of the person in question or with no identity. */
  connect: () => typeof fetch
  /** Requests without an identity; redirects are not followed. */
  bare: typeof fetch
  stepMs: number
  call?: { tool: string; args: Record<string, unknown> }
  /**
   * Runs one step. `work` returns what it found, or throws a Finding or whatever the network
   * throws.
   */
  step: <T>(
    name: string,
    work: (signal: AbortSignal) => Promise<Found<T>>,
    /**
     * How far the connection is: a failure while connecting means something else than the same
     * failure in a session.
     */
    phase?: Phase,
  ) => Promise<T | undefined>
}
