import type { NumberedEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import { processChatKit } from '#lib/chatkit/server/process-request.ts'
import { readWhole } from '#lib/chatkit/server/read-whole.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { sseResponse } from '#lib/platform/http/sse.ts'

/**
 * Answers one ChatKit request without durable runs: a turn lives as long as its connection, and a
 * disconnect stops it (protocol section 1.9). `body` is the parsed JSON of the request; the caller
 * limits its size. Never throws: a refusal is answered as `{ message, code }` with its HTTP status.
 *
 * @example
 * const deps = { store, respond, limits: { messageMaxChars: 20_000 } }
 * const response = await serveChatKit(await request.json(), deps, undefined)
 */
export async function serveChatKit<Context>(body: unknown, deps: Deps<Context>, context: Context): Promise<Response> {
  try {
    const answer = await processChatKit(body, deps)
    if (answer.kind === 'json') return Response.json(answer.data)
    const gone = new AbortController()
    const events =
      answer.kind === 'attached' ? answer.events : withoutNumbers((await answer.begin())(gone.signal, context))
    if (answer.whole) return Response.json(await readWhole(events, answer.whole))
    return sseResponse(events, { resumable: answer.resume, onDetach: () => gone.abort() })
  } catch (error) {
    const { code, status, message } = toAppError(error)
    return Response.json({ message, code }, { status })
  }
}

/** Returns true at the end: the stream is complete. */
async function* withoutNumbers(events: AsyncIterable<ThreadStreamEvent>): AsyncGenerator<NumberedEvent, boolean> {
  for await (const event of events) yield { event }
  return true
}
