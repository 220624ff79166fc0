import { isDeepStrictEqual } from 'node:util'

/**
 * Finds the model's id of a call that is about to be made, because the SDK passes only the tool and
 * the arguments to an MCP server. Calls are made in the order in which the model asked for them, so
 * the first unclaimed equal call is the right one.
 */
export class CallIds {
  readonly #seen = new Set<string>()
  #asked: { callId: string; name: string; arguments: unknown }[] = []

  /**
   * Notes a call that is about to be made, with its arguments as the SDK parsed them. The SDK may
   * have a call reviewed more than once; only the first time counts.
   */
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
