import { after } from 'next/server.js'
import { log } from '#lib/platform/log.ts'

/**
 * Runs `work` after the response is sent, so that its duration does not reveal whether an address
 * has an account. On a serverless platform the process stays alive for it. Outside a Next request
 * it runs at once. A failure is logged.
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
