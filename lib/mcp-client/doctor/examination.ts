import type { Phase } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { McpServer } from '#lib/mcp-client/servers/servers.ts'

/** What one step found. `fault` is a class of the ledger or a word of the doctor's own; with it comes what to change. */
export type Step = {
  name: string
  outcome: 'ok' | 'warning' | 'failed' | 'skipped'
  ms: number
  said: string
  fault?: string
  fix?: string
}

/** A finding that ends a step: `fault` names it, `stop` ends the examination. */
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

/** What a step found: in words, as a value for the next ones, and what should be changed all the same. */
export type Found<T> = { said: string; value?: T; warn?: { fault: string; fix: string } }

/** What an examination is made of and with. */
export type Examination = {
  server: McpServer
  url: URL
  /** A connection of its own, as the person in question or as nobody. */
  connect: () => typeof fetch
  /** Without any identity, redirects as they are. */
  bare: typeof fetch
  stepMs: number
  call?: { tool: string; args: Record<string, unknown> }
  /** Makes one step: `work` answers what it found, throws a Finding or what the network throws. */
  step: <T>(
    name: string,
    work: (signal: AbortSignal) => Promise<Found<T>>,
    /** How far the step has got: the same failure means something else on the way to a server than in a session with it. */
    phase?: Phase,
  ) => Promise<T | undefined>
}
