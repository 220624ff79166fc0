import { after } from 'next/server'
import { log } from '#lib/platform/log.ts'

/** On platforms that freeze a process after its response, this work still gets to its end. It must not reject. */
export function inBackground(work: Promise<void>): void {
  try {
    after(() => work)
  } catch (error) {
    // Called without Next around it: nothing freezes this process.
    log.debug({ error }, 'no request scope for after()')
  }
}
