import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'
import { isListening, listen } from '#lib/platform/db/notify.ts'
import { withDatabasePatience } from '#lib/platform/db/retry.ts'
import { isDatabaseDown } from '#lib/platform/errors.ts'
import { processState } from '#lib/platform/process-state.ts'

/** The channel on which processes tell each other that limits were changed. */
export const LIMITS_CHANNEL = 'switchboard_limits'
/** How long (ms) a process believes what it read, in case a notification gets lost. */
const BELIEVED_MS = 5_000

type State = {
  /** What was read last. */
  areSet?: boolean
  /** Until when (ms since 1970) that is believed without asking. */
  believedUntil: number
  changes: number
  stopHearing?: () => void
}

const state = processState('limits', (): State => ({ believedUntil: 0, changes: 0 }))

/**
 * True if there is any limit, so that a request has to be reserved. Without limits, which is usual,
 * no request asks the database. A process that cannot hear the others asks each time. If there were
 * no limits and the database is away, there still are none: a turn can go on.
 */
export async function areLimitsSet(): Promise<boolean> {
  const own = state()
  const forget = () => {
    own.believedUntil = 0
    own.changes += 1
  }
  own.stopHearing ??= listen(LIMITS_CHANNEL, { heard: forget, missed: forget })
  const isHearing = await isListening()
  if (isHearing && own.areSet !== undefined && Date.now() < own.believedUntil) return own.areSet
  const { changes } = own
  // Nobody waits for a database to hear again what it said before.
  const read = own.areSet === false ? () => withDatabasePatience(0, readLimitsSet) : readLimitsSet
  try {
    own.areSet = await read()
  } catch (error) {
    if (own.areSet === false && isDatabaseDown(error)) return false
    throw error
  }
  // A change that came in between may not be in what was read.
  if (changes === own.changes) own.believedUntil = Date.now() + BELIEVED_MS
  return own.areSet
}

async function readLimitsSet(): Promise<boolean> {
  const [found] = await runSystemStatement<{ areSet: boolean }>(
    'usage',
    Prisma.sql`SELECT EXISTS (SELECT FROM usage_limits) AS "areSet"`,
  )
  return found?.areSet ?? true
}
