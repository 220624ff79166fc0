import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<string | undefined>()

/**
 * Makes a call under the model's id of it. The Agents SDK passes an MCP server only the name and
 * the arguments of a call.
 */
export function withCallId<T>(callId: string | undefined, call: () => T): T {
  return storage.run(callId, call)
}

/** The model's id of the call that is being made; undefined if no model asked for it. */
export function currentCallId(): string | undefined {
  return storage.getStore()
}
