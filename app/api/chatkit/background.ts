import { after } from 'next/server.js'
import { log } from '#lib/platform/log.ts'

/**
 * Lets this work finish on platforms that freeze a process after its response. The promise must not
 * reject.
 */
export function runInBackground(work: Promise<void>): void {
  try {
    after(() => work)
  } catch (error) {
    // Called outside a Next request: nothing freezes this process.
    log.debug({ error }, 'no request scope for after()')
  }
}
