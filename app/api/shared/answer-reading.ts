import { z } from 'zod'
import type { Limit } from '#lib/auth/limits/rate-limit.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { processChatKit } from '#lib/chatkit/server/process-request.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { sseResponse } from '#lib/platform/http/sse.ts'

/** A long conversation is read 50 entries at a time. */
export const READS: Limit = {
  ...{ name: 'reading', points: 600, seconds: 60, flood: true },
  said: 'You have read conversations 600 times within a minute.',
}

/** What an element that only reads asks for. Every other operation would change something. */
export const Reading = z.looseObject({ type: z.enum(['threads.get_by_id', 'items.list', 'threads.attach']) })

/** Answers the reading operations of the ChatKit protocol from this store. */
export async function answerReading(body: z.output<typeof Reading>, store: Store): Promise<Response> {
  const answer = await processChatKit(body, { store, respond: async function* () {}, limits: { messageMaxChars: 0 } })
  if (answer.kind === 'json') return jsonResponse(answer.data)
  if (answer.kind === 'attached') return sseResponse(answer.events, { resumable: answer.resume })
  throw new Error('a conversation that is only read began a turn')
}
