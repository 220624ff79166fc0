import { after } from 'next/server.js'
import { log } from '#lib/platform/log.ts'

/**
 * Does `work` after the response has gone, so that its time tells nobody whether an address has an account. On a serverless
 * platform the process is kept alive for it; outside a request of Next it simply runs. A failure is logged.
 */
export function runAfterResponse(what: string, work: () => Promise<void>): void {
  const careful = () => work().catch((error) => log.error({ error }, `${what} failed`))
  try {
    after(careful)
  } catch {
    // Next throws where it handles no request.
    void careful()
  }
}
