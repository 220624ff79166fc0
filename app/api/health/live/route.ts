import { route } from '#lib/auth/route.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

export const dynamic = 'force-dynamic'

/**
 * Answers as long as the process can answer at all. A container that fails this check should be
 * restarted.
 */
export const GET = route({ session: 'none' }, async () => jsonResponse({ status: 'ok' }))
