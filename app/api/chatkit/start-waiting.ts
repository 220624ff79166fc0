import { followWaiting } from '#app/api/chatkit/deliver-waiting.ts'
import { builtinFetch } from '#app/builtin-fetch.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'

/** Starts to send the messages that wait for the end of an answer. Call it once when the server starts. */
export function startWaiting(): void {
  followWaiting({ respond: runTurn, act: handleAction, builtinFetch })
}
