import { after } from 'next/server.js'
import { log } from '#lib/platform/log.ts'

/**
 * Runs `work` after the response is sent, so that its duration reveals nothing to the client. A
 * platform that freezes a process after its response keeps it alive for `work`, which may also be a
 * promise that is pending already: `() => promise`. Outside a Next request, `work` runs at once. A
 * failure is logged under the name `what`.
 */
export function runAfterResponse(what: string, work: () => Promise<void>): void {
  const careful = () => work().catch((error) => log.error({ error }, `${what} failed`))
  try {
    after(careful)
  } catch {
    // Next throws outside a request.
    void careful()
  }
}
