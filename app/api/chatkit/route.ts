import { makeChatKitRoute } from '#app/api/chatkit/chatkit-route.ts'
import { builtinFetch } from '#app/builtin-fetch.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'

/** The longest (s) that a request and its run may last on a platform with a limit (Vercel). */
export const maxDuration = 300

/** The ChatKit API: each operation of the protocol is a POST to this one address. */
export const POST = makeChatKitRoute({ respond: runTurn, act: handleAction, builtinFetch })
