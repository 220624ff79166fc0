import { isDeepStrictEqual } from 'node:util'

/**
 * Finds the model's id of a call that is about to be made. The SDK tells an MCP server the tool and the arguments alone;
 * calls are made in the order in which the model asked for them, so that the first unclaimed equal one is meant.
 */
export class CallIds {
  readonly #seen = new Set<string>()
  #asked: { callId: string; name: string; arguments: unknown }[] = []

  /** A call that is about to be made, with its arguments as the SDK has read them; the SDK may judge one more than once. */
  note(call: { callId: string; name: string; arguments: unknown }): void {
    if (this.#seen.has(call.callId)) return
    this.#seen.add(call.callId)
    this.#asked.push(call)
  }

  claim(name: string, args: unknown): string | undefined {
    const index = this.#asked.findIndex((call) => call.name === name && isDeepStrictEqual(call.arguments, args))
    return index < 0 ? undefined : this.#asked.splice(index, 1)[0]?.callId
  }
}
