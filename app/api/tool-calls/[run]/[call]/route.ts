import { toShownCall } from '#app/calls/to-shown-call.ts'
import { route } from '#lib/auth/route.ts'
import { findCallOfRun } from '#lib/data/runs/tool-calls.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const ASKS = { name: 'call-details', points: 240, seconds: 60 }

/**
 * One of the caller's own tool calls, by its run and the model's id of it, for the line of the call
 * in the chat (protocol section 1.15).
 */
export const GET = route({ params: ['run', 'call'], limit: ASKS }, async ({ caller, params: { run, call } }) => {
  const found = await findCallOfRun(caller, { runId: run, callId: call })
  return jsonResponse(toShownCall(found, caller), { headers: { 'cache-control': 'no-store' } })
})
