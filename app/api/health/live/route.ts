import { jsonResponse } from '#lib/platform/http/http.ts'

export const dynamic = 'force-dynamic'

/**
 * Answers as long as the process can answer at all. A container that fails this check should be
 * restarted.
 */
export function GET(): Response {
  return jsonResponse({ status: 'ok' })
}
