import { route } from '#lib/auth/route.ts'
import { db } from '#lib/platform/db/db.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { log } from '#lib/platform/log.ts'
import { isShuttingDown } from '#lib/platform/process/shutdown.ts'
import { processState } from '#lib/platform/process-state.ts'

export const dynamic = 'force-dynamic'

const ANSWER_MS = 2_000

/** A balancer asks every few seconds: the log says what changed, once. */
const last = processState('readiness', () => ({ isReady: false }))

/**
 * Answers 200 while requests can be served, else 503 with a short reason, so that a balancer stops
 * sending requests here.
 */
export const GET = route({ session: 'none' }, async () => {
  if (isShuttingDown()) return jsonResponse({ status: 'unavailable', reason: 'shutting down' }, { status: 503 })
  try {
    await withDeadline(db().$queryRaw`SELECT 1`, ANSWER_MS, () => {
      throw new Error(`the database did not answer within ${ANSWER_MS} ms`)
    })
    if (!last().isReady) log.info('ready: the database answers')
    last().isReady = true
    return jsonResponse({ status: 'ok' })
  } catch (error) {
    if (last().isReady) log.warn({ error }, 'not ready: the database does not answer')
    last().isReady = false
    return jsonResponse({ status: 'unavailable', reason: 'database' }, { status: 503 })
  }
})
