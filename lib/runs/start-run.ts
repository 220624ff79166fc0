import { setTimeout as sleep } from 'node:timers/promises'
import type { NumberedEvent } from '#lib/chatkit/protocol/events.ts'
import type { Opening } from '#lib/chatkit/protocol/store.ts'
import { insertRun } from '#lib/data/runs/insert-run.ts'
import { findRepeatedRun, findRunOfThread, isActive, markStopped, withdrawRun } from '#lib/data/runs/runs.ts'
import type { Caller, SessionCaller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { log, withLogContext } from '#lib/platform/log.ts'
import { isShuttingDown, onShutdown } from '#lib/platform/process/shutdown.ts'
import { notifyRunChanged, wakeAllFollowers } from '#lib/runs/channel.ts'
import { followRun } from '#lib/runs/follow-run.ts'
import { startHeartbeat } from '#lib/runs/heartbeat.ts'
import { launchRun, type Produce } from '#lib/runs/launch-run.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { activeRun, activeRuns, registry } from '#lib/runs/registry.ts'

/** How long (ms) a stop waits for the run to end. */
const STOP_WAIT_MS = 5_000
/** After every event. */
const LAST = 2_147_483_647
/** How long (ms) a message waits for the answer before it, and how often (ms) it looks whether that one has ended. */
const QUEUE_MS = 60_000
const QUEUE_LOOK_MS = 500
/** What a drained run gets (ms) to close what it has open. */
const CLOSE_MS = 3_000

/**
 * What a run is for. `requestId` is ours, for logs; `clientRequestId` the client's own, which is never accepted twice.
 * `messageId` is the message that it answers, where one is named.
 */
export type RunAbout = {
  caller: SessionCaller
  threadId: string
  operation: string
  requestId: string
  clientRequestId?: string
  messageId?: string
}

/** The work of a run: what is stored with its row, what would refuse it now, and what gives its events once it has the thread. */
export type RunWork = {
  opening?: Opening
  check: () => Promise<void>
  begin: () => Promise<Produce>
}

/** A run's events, for whoever attaches. */
export type LiveTurn = { runId: string; threadId: string; events: AsyncGenerator<NumberedEvent, boolean> }

export type StartedRun = {
  id: string
  /** True for a request that was sent before: nothing was started, `id` is the first one's run. */
  repeated: boolean
  /** Resolves when the run is over and its row has its end; never rejects. */
  ended: Promise<void>
}

/**
 * Starts work that goes on whoever listens. The run and what its turn begins with are stored in one transaction. `begin` is
 * asked once nobody else works on the thread; what it throws is thrown, and no run is left. Throws what `check` throws, conflict
 * where the thread has an active run already (after waiting for its end where the settings say so), limited where the person has
 * or begins too many runs, unauthenticated where the session has ended meanwhile, and unavailable while the server ends.
 */
export async function startRun(about: RunAbout, { opening, check, begin }: RunWork): Promise<StartedRun> {
  const { caller, threadId, operation, requestId, clientRequestId, messageId } = about
  const run = { id: newId('run'), ownerId: caller.userId, threadId }
  const { RUNS_AT_ONCE, RUNS_PER_MINUTE, WHILE_ANSWERING } = env()
  const deadline = Date.now() + (WHILE_ANSWERING === 'wait' ? QUEUE_MS : 0)
  for (let recovered = false, waits = false; ; ) {
    requireServing()
    onShutdown('runs', drainRuns)
    const inserted = await insertRun(
      { ...run, sessionVersion: caller.sessionVersion, operation, requestId, clientRequestId, turnId: messageId },
      { atOnce: RUNS_AT_ONCE, perMinute: RUNS_PER_MINUTE },
      opening,
    )
    if (inserted.outcome === 'inserted') break
    if (inserted.outcome === 'signed_out')
      throw new AppError('unauthenticated', 'You were signed out meanwhile. Sign in and try again.')
    if (inserted.outcome === 'too_many')
      throw new AppError(
        'limited',
        `You have ${RUNS_AT_ONCE} answers being written already. Wait for one of them, or stop it.`,
        {
          retryAfter: 5,
        },
      )
    if (inserted.outcome === 'too_often') {
      const { retryAfter } = inserted
      throw new AppError(
        'limited',
        `You have asked ${RUNS_PER_MINUTE} times within a minute. Try again in ${retryAfter} s.`,
        {
          retryAfter,
        },
      )
    }
    if (inserted.outcome === 'repeated') {
      const { firstId: id } = inserted
      return { id, repeated: true, ended: registry().runs.get(id)?.ended ?? Promise.resolve() }
    }
    // Otherwise the thread takes messages again by now, and the next attempt finds it so.
    if (inserted.outcome === 'refused') await check()
    // The run that is in the way may have lost its process.
    if (!recovered && (await recoverRuns(threadId)) > 0) recovered = true
    else if (Date.now() < deadline) {
      if (!waits) log.info({ operation, thread_id: threadId }, 'a turn waits for the one before it')
      waits = true
      await withDeadline(QUEUE_LOOK_MS, activeRun(caller.userId, threadId)?.ended ?? sleep(QUEUE_LOOK_MS))
    } else
      throw new AppError(
        'conflict',
        'The assistant is still answering in this conversation. Wait for it, or stop it first.',
        {
          retryAfter: 5,
        },
      )
  }
  const produce = await begin().catch(async (error) => {
    // Where this fails, the row is found as stale.
    await withdrawRun(run).catch((cause) =>
      log.warn({ error: cause }, 'a run that did not begin could not be taken back'),
    )
    throw error
  })
  return withLogContext({ user_id: caller.userId, run_id: run.id, thread_id: threadId }, () => {
    log.info({ operation }, 'run started')
    const { ended } = launchRun(run, produce)
    startHeartbeat()
    return { id: run.id, repeated: false, ended }
  })
}

/**
 * The run's events after number `after`, then those to come, whichever process it runs in. Returns true at the end of its
 * log, false where the reader should ask again elsewhere. Whether the reader may see the run is the caller's business.
 */
export function subscribeToRun(runId: string, after = 0): AsyncGenerator<NumberedEvent, boolean> {
  const live = registry().runs.get(runId)
  if (live?.log.reaches(after)) return live.log.read(after)
  return followRun(runId, after)
}

/** Where to go on reading: after which event of which run. */
export type AttachTo = { runId?: string; after?: number }

/**
 * The run that is answering in the caller's thread, or the one that is named, from event `after` on. Of a run that lost its
 * process only the failure is left to tell. Null where nothing is being written. Throws unavailable while the server ends.
 */
export async function attachToRun(
  caller: Caller,
  threadId: string,
  { runId, after = 0 }: AttachTo = {},
): Promise<LiveTurn | null> {
  const live = activeRun(caller.userId, threadId)
  if (live && (runId ?? live.id) === live.id)
    return { runId: live.id, threadId, events: subscribeToRun(live.id, after) }
  const run = await findRunOfThread(caller, threadId, runId)
  if (!run) return null
  requireServing()
  if (runId !== undefined || isActive(run.status))
    return { runId: run.id, threadId, events: subscribeToRun(run.id, after) }
  if (run.status !== 'interrupted' || !run.errorMessage) return null
  return { runId: run.id, threadId, events: singleFailure(run.errorMessage) }
}

async function* singleFailure(message: string): AsyncGenerator<NumberedEvent, boolean> {
  yield { event: { type: 'error', code: 'custom', message, allow_retry: true } }
  return true
}

/** The run that a request with this client id began; its events while they are kept. */
export async function findRepeated(
  caller: Caller,
  clientRequestId: string,
): Promise<{ runId: string; threadId: string; events?: LiveTurn['events'] } | null> {
  const first = await findRepeatedRun(caller, clientRequestId)
  if (!first) return null
  const { id: runId, threadId, isKept } = first
  return { runId, threadId, ...(isKept && { events: subscribeToRun(runId) }) }
}

/**
 * Ends the active run of the caller's thread, whichever process it runs in, and waits 5 s at most for its end. False where
 * none was active.
 */
export async function stopRun(caller: Caller, threadId: string): Promise<boolean> {
  const live = activeRun(caller.userId, threadId)
  if (live) {
    live.stop()
    await withDeadline(STOP_WAIT_MS, live.ended)
    return true
  }
  const runId = await markStopped(caller, threadId)
  if (!runId) return false
  await notifyRunChanged(runId)
  await withDeadline(STOP_WAIT_MS, awaitEnd(runId))
  return true
}

async function awaitEnd(runId: string): Promise<void> {
  for await (const _ of subscribeToRun(runId, LAST));
}

/** At the end of the process: active runs have until shortly before `graceMs` to finish, then they end with what they have. */
export async function drainRuns(graceMs: number): Promise<void> {
  // Who reads a run of another process is better off with a process that stays.
  wakeAllFollowers()
  const ends = () => Promise.all(activeRuns().map(({ ended }) => ended))
  await withDeadline(Math.max(0, graceMs - CLOSE_MS), ends())
  for (const run of activeRuns()) run.interrupt('The server is restarting. Try again in a moment.')
  await withDeadline(Math.min(graceMs, CLOSE_MS), ends())
  // The streams of what does not end would hold up the process: their readers go on elsewhere, where it is found without one.
  for (const run of activeRuns()) run.log.abandon()
}

function requireServing(): void {
  if (isShuttingDown())
    throw new AppError('unavailable', 'The server is restarting. Try again in a moment.', { retryAfter: 5 })
}

async function withDeadline(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, late])
  clearTimeout(timer)
}
