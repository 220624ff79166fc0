import { streamHints } from '#app/api/me/stream-hints.ts'
import { route } from '#lib/auth/route.ts'
import { watchListChanges } from '#lib/mcp-client/lists/list-changes.ts'

export const dynamic = 'force-dynamic'

/**
 * The longest (s) that a stream may last on a platform with a limit (Vercel). The page then opens
 * another.
 */
export const maxDuration = 300

/** Tells the person's chat that their servers, tools or switches have changed. */
export const GET = route({}, async (visit) => streamHints(visit, watchListChanges))
