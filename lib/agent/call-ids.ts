import { isDeepStrictEqual } from 'node:util'
import type { AskedCall } from '#lib/agent/guarded-model.ts'

/**
 * Finds the model's id of a call that is about to be made. The SDK tells an MCP server the tool and the arguments alone;
 * calls are made in the order in which the model asked for them, so that the first unclaimed equal one is meant.
 */
export class CallIds {
  readonly #seen = new Set<string>()
  #asked: { callId: string; name: string; arguments: unknown }[] = []

  /** A call that is about to be made; the SDK may judge one more than once. */
  note(call: AskedCall): void {
    if (this.#seen.has(call.callId)) return
    this.#seen.add(call.callId)
    this.#asked.push({ ...call, arguments: parsed(call.arguments) })
  }

  claim(name: string, args: unknown): string | undefined {
    const index = this.#asked.findIndex((call) => call.name === name && isDeepStrictEqual(call.arguments, args))
    return index < 0 ? undefined : this.#asked.splice(index, 1)[0]?.callId
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    // Such a call is never made, so nobody claims it.
    return text
  }
}
