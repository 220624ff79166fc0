import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { processState } from '#lib/platform/process-state.ts'

// After this many failures in a row, a server's circuit opens. A server that stays silent opens it
// at once.
const FAILURES = 3
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 600_000
const MAX = 1_000

/** Why a server could not be reached the last time. */
export type LastFailure = { failureClass: FailureClass; sentence: string }

type Health = { last?: LastFailure; failures: number; pauseMs: number; openUntil: number; answeredAt: number }

const servers = processState('server health', () => new Map<string, Health>())

function healthOf(url: string): Health {
  const all = servers()
  const health = all.get(url) ?? { failures: 0, pauseMs: FIRST_PAUSE_MS, openUntil: 0, answeredAt: 0 }
  if (!all.has(url) && all.size >= MAX) all.delete(all.keys().next().value ?? '')
  all.set(url, health)
  return health
}

/**
 * What this process knows about a server. `down`: the circuit is open, so send nothing for now.
 * `proven`: it answered the last time and is worth waiting for. `unproven`: it never answered, or
 * not the last time.
 */
export function findHealth(url: string): 'proven' | 'unproven' | 'down' {
  const { openUntil, failures, answeredAt } = healthOf(url)
  if (openUntil > Date.now()) return 'down'
  return failures === 0 && answeredAt > 0 ? 'proven' : 'unproven'
}

/** Records that the server answered, even with a refusal. Closes the circuit. */
export function noteAnswer(url: string): void {
  Object.assign(healthOf(url), {
    last: undefined,
    failures: 0,
    pauseMs: FIRST_PAUSE_MS,
    openUntil: 0,
    answeredAt: Date.now(),
  })
}

/**
 * Records that the server could not be reached, or was reached and said nothing (`silent`). Each
 * pause is twice as long as the one before, at most ten minutes.
 */
export function noteFailure(url: string, { silent, last }: { silent: boolean; last: LastFailure }): void {
  const health = healthOf(url)
  health.last = last
  health.failures += 1
  if (!silent && health.failures < FAILURES) return
  health.openUntil = Date.now() + health.pauseMs
  health.pauseMs = Math.min(health.pauseMs * 2, LONGEST_PAUSE_MS)
}

/**
 * Why a server could not be reached the last time. Kept until it answers, so that later turns
 * report the same reason.
 */
export function findLastFailure(url: string): LastFailure | undefined {
  return healthOf(url).last
}

/** When a server that is down will be asked again; undefined if it is not down. */
export function findRetryTime(url: string): Date | undefined {
  const { openUntil } = healthOf(url)
  return openUntil > Date.now() ? new Date(openUntil) : undefined
}
