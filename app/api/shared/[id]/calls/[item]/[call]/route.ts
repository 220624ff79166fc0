import { route } from '#lib/auth/route.ts'
import { findSharedCall } from '#lib/data/shares/share-reader.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const ASKS = { name: 'call-details', points: 240, seconds: 60 }

/** A tool call that a share shows, for its line in the chat (protocol section 1.15). */
export const GET = route(
  { params: ['id', 'item', 'call'], limit: ASKS },
  async ({ caller, params: { id, item, call } }) =>
    jsonResponse(await findSharedCall(caller, id, { itemId: item, call })),
)
