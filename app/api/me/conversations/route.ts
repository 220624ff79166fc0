import { toSentConversation } from '#app/api/me/conversations/to-sent-conversation.ts'
import { route } from '#lib/auth/route.ts'
import { listConversations, listPinned } from '#lib/data/chat/conversations.ts'
import { listUndoable } from '#lib/data/chat/deleted-conversations.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const ASKS = { name: 'conversation-list', points: 240, seconds: 60 }
const LIMIT = 40
const LIMIT_MAX = 100

/**
 * A page of the person's conversations by last use, `?limit=` of them after the cursor `?after=`.
 * The first page also has the pinned ones, and those whose deletion can be undone. With `?archived`
 * those of the archive.
 */
export const GET = route({ limit: ASKS }, async ({ caller, request }) => {
  const asked = new URL(request.url).searchParams
  const after = asked.get('after') ?? undefined
  const limit = Math.min(Math.max(Math.trunc(Number(asked.get('limit'))) || LIMIT, 1), LIMIT_MAX)
  const isArchive = asked.has('archived')
  const [page, pinned, undoable] = await Promise.all([
    listConversations(caller, { which: isArchive ? 'archived' : 'usual', limit, after }),
    isArchive || after !== undefined ? [] : listPinned(caller),
    after === undefined ? listUndoable(caller) : [],
  ])
  return jsonResponse({
    ...page,
    data: page.data.map(toSentConversation),
    pinned: pinned.map(toSentConversation),
    undoable: undoable.map(({ id, title, leftMs }) => ({ id, title, left_ms: leftMs })),
  })
})
