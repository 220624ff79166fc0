import { streamHints } from '#app/api/me/stream-hints.ts'
import { route } from '#lib/auth/route.ts'
import { watchConversationChanges } from '#lib/data/chat/conversation-changes.ts'

export const dynamic = 'force-dynamic'

/**
 * The longest (s) that a stream may last on a platform with a limit (Vercel). The page then opens
 * another.
 */
export const maxDuration = 300

/** Tells the person's pages that something in the list of their conversations has changed. */
export const GET = route({}, async (visit) => streamHints(visit, watchConversationChanges))
