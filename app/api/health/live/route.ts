import { jsonResponse } from '#lib/platform/http/http.ts'

export const dynamic = 'force-dynamic'

/** Answers as long as the process can answer anything: a container that fails this one is to be restarted. */
export function GET(): Response {
  return jsonResponse({ status: 'ok' })
}
