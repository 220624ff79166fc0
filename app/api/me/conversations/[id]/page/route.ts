import { z } from 'zod'
import { route } from '#lib/auth/route.ts'
import { noteTemporaryPage } from '#lib/data/chat/temporary-conversations.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

const Page = z.object({ is_open: z.boolean() })

/** Tells that the page with a temporary conversation is open, or was closed. Other conversations do not care. */
export const PUT = route({ params: ['id'], body: Page }, async ({ caller, params: { id }, body }) => {
  await noteTemporaryPage(caller, toStorableText(id), body.is_open)
  return jsonResponse({})
})
