import { z } from 'zod'
import { stopTurn } from '#app/api/chatkit/stop-turn.ts'
import { toSentConversation } from '#app/api/me/conversations/to-sent-conversation.ts'
import { route } from '#lib/auth/route.ts'
import { changeConversation, requireConversation } from '#lib/data/chat/conversations.ts'
import { deleteConversation, restoreConversation } from '#lib/data/chat/deleted-conversations.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

const CHANGES = { name: 'conversation-changes', points: 240, seconds: 60 }

const Change = z.object({
  is_pinned: z.boolean().optional(),
  is_archived: z.boolean().optional(),
  is_seen: z.literal(true).optional(),
  /** False undoes a deletion of the last seconds. */
  is_deleted: z.boolean().optional(),
})

/** One conversation of the person, as the list shows it. */
export const GET = route({ params: ['id'] }, async ({ caller, params }) =>
  jsonResponse(toSentConversation(await requireConversation(caller, toStorableText(params.id)))),
)

/**
 * Pins, archives, deletes or marks a conversation as seen. A deletion ends what runs in it, and can
 * be undone for ten seconds.
 */
export const PATCH = route({ limit: CHANGES, params: ['id'], body: Change }, async ({ caller, params, body }) => {
  const id = toStorableText(params.id)
  if (body.is_deleted) {
    // Marked first, so that no run can begin between the two.
    await deleteConversation(caller, id)
    await stopTurn(caller, id)
    return jsonResponse({})
  }
  if (body.is_deleted === false) await restoreConversation(caller, id)
  await changeConversation(caller, id, {
    isPinned: body.is_pinned,
    isArchived: body.is_archived,
    isSeen: body.is_seen,
  })
  return jsonResponse({})
})
