import { z } from 'zod'
import { listChatAssistants } from '#app/chat/assistants/list-chat-assistants.ts'
import { route } from '#lib/auth/route.ts'
import { searchConversations } from '#lib/data/chat/conversation-search.ts'
import { foldText } from '#lib/data/search/fold-text.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

const SEARCHES = { name: 'search', points: 240, seconds: 60 }
const QUERY_MAX_CHARS = 200
const ASSISTANTS = 8

// In the body, because addresses are logged.
const Typed = z.object({ query: z.string().max(QUERY_MAX_CHARS).transform(toStorableText) })

/**
 * What the person may mean by what they typed: their conversations and messages, and the assistants
 * that they may use. `is_complete` is false if older messages are not searchable yet: ask again.
 */
export const POST = route({ limit: SEARCHES, body: Typed }, async ({ caller, body: { query } }) => {
  const [found, assistants] = await Promise.all([
    searchConversations(caller, query),
    listChatAssistants({ id: caller.userId, role: caller.role }),
  ])
  const wanted = foldText(query.trim())
  // Who has one assistant has nothing to choose.
  const named = (assistants.length > 1 ? assistants : []).filter(({ name, description }) =>
    foldText(`${name} ${description}`).includes(wanted),
  )
  return jsonResponse({
    conversations: found.conversations.map(({ id, title, updatedAt, isArchived }) => ({
      ...{ id, title, updated_at: updatedAt.toISOString(), is_archived: isArchived },
    })),
    messages: found.messages.map(({ id, threadId, title, isOwn, snippet, createdAt }) => ({
      ...{ id, thread_id: threadId, title, is_own: isOwn, snippet, created_at: createdAt.toISOString() },
    })),
    assistants: named.slice(0, ASSISTANTS).map(({ slug, name, colour, picture }) => ({ slug, name, colour, picture })),
    is_complete: found.isComplete,
  })
})
