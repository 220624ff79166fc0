import type { SwitchedOff } from '#lib/data/chat/switched-off-tools.ts'

/** Answers what of a server is off in a conversation. */
export class OffSwitches {
  readonly #keys: ReadonlySet<string>

  constructor(entries: readonly SwitchedOff[] = []) {
    this.#keys = new Set(entries.map(({ server, tool }) => JSON.stringify([server, tool])))
  }

  /** True if the whole server is off. */
  hasServer(server: string): boolean {
    return this.#keys.has(JSON.stringify([server, undefined]))
  }

  /** True if the tool is off, by itself or with its server. */
  has(server: string, tool: string): boolean {
    return this.hasServer(server) || this.#keys.has(JSON.stringify([server, tool]))
  }
}
