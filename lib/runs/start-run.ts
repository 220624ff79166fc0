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
import { isShuttingDown, registerShutdownHook } from '#lib/platform/process/shutdown.ts'
import { notifyRunChanged, wakeAllFollowers } from '#lib/runs/channel.ts'
import { followRun } from '#lib/runs/follow-run.ts'
import { startHeartbeat } from '#lib/runs/heartbeat.ts'
import { launchRun, type Produce } from '#lib/runs/launch-run.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { findActiveRun, listActiveRuns, registry } from '#lib/runs/registry.ts'

/** How long (ms) a stop waits for the run to end. */
const STOP_WAIT_MS = 5_000
/** A number after every event. */
const LAST = 2_147_483_647
/** How long (ms) a message waits for the answer before it to end, and how often (ms) it checks. */
const QUEUE_MS = 60_000
const QUEUE_LOOK_MS = 500
/** How long (ms) a drained run has to close what it has open. */
const CLOSE_MS = 3_000

/**
 * What a run is for. `requestId` is ours, for logs. `clientRequestId` is the client's own and is
 * never accepted twice. `messageId` is the message that the run answers, if there is one.
 */
export type RunAbout = {
  caller: SessionCaller
  threadId: string
  operation: string
  requestId: string
  clientRequestId?: string
  messageId?: string
}

/**
 * The work of a run: what is stored with its row, a check whether it would be refused now, and what
 * produces its events once the run has the thread.
 */
export type RunWork = {
  opening?: Opening
  check: () => Promise<void>
  begin: () => Promise<Produce>
}

/** A run's events, for any reader that attaches. */
export type LiveTurn = { runId: string; threadId: string; events: AsyncGenerator<NumberedEvent, boolean> }

export type StartedRun = {
  id: string
  /**
   * True if the request was sent before: nothing was started, and `id` is the first request's run.
   */
  repeated: boolean
  /** Resolves when the run is over and its row holds the end. Never rejects. */
  ended: Promise<void>
}

/**
 * Starts work that continues whether or not anyone listens. The run and the start of its turn are
 * stored in one transaction. `begin` is called once no other run works on the thread; if it throws,
 * no run is left and the error is passed on.
 *
 * Throws what `check` throws; conflict if the thread already has an active run (after waiting for
 * its end, if the settings say so); limited if the person has too many runs or starts too many;
 * unauthenticated if the session has ended meanwhile; unavailable while the server shuts down.
 */
export async function startRun(about: RunAbout, { opening, check, begin }: RunWork): Promise<StartedRun> {
  const { caller, threadId, operation, requestId, clientRequestId, messageId } = about
  const run = { id: newId('run'), ownerId: caller.userId, threadId }
  const { RUNS_AT_ONCE, RUNS_PER_MINUTE, WHILE_ANSWERING } = env()
  const deadline = Date.now() + (WHILE_ANSWERING === 'wait' ? QUEUE_MS : 0)
  for (let recovered = false, waits = false; ; ) {
    requireServing()
    registerShutdownHook('runs', drainRuns)
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
    // If `check` passes, the thread takes messages again, and the next attempt succeeds.
    if (inserted.outcome === 'refused') await check()
    // The run that holds the thread may have lost its process.
    if (!recovered && (await recoverRuns(threadId)) > 0) recovered = true
    else if (Date.now() < deadline) {
      if (!waits) log.info({ operation, thread_id: threadId }, 'a turn waits for the one before it')
      waits = true
      await withDeadline(QUEUE_LOOK_MS, findActiveRun(caller.userId, threadId)?.ended ?? sleep(QUEUE_LOOK_MS))
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
    // If this fails, the row is found as stale.
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
 * The run's events after number `after`, then new ones, from whichever process it runs in. Returns
 * true at the end of its log, or false if the reader should ask again elsewhere. The caller must
 * check that the reader may see the run.
 */
export function subscribeToRun(runId: string, after = 0): AsyncGenerator<NumberedEvent, boolean> {
  const live = registry().runs.get(runId)
  if (live?.log.reaches(after)) return live.log.read(after)
  return followRun(runId, after)
}

/** Where to continue reading: after which event of which run. */
export type AttachTo = { runId?: string; after?: number }

/**
 * Attaches to the run that is answering in the caller's thread, or to the named one, from event
 * `after` on. If a run lost its process, only its failure is left to report. Resolves to null if
 * nothing is being written. Throws unavailable while the server shuts down.
 */
export async function attachToRun(
  caller: Caller,
  threadId: string,
  { runId, after = 0 }: AttachTo = {},
): Promise<LiveTurn | null> {
  const live = findActiveRun(caller.userId, threadId)
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

/**
 * Finds the run that a request with this client id started, with its events while they are kept.
 */
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
 * Stops the active run of the caller's thread, whichever process it runs in, and waits at most 5 s
 * for its end. Resolves to false if no run was active.
 */
export async function stopRun(caller: Caller, threadId: string): Promise<boolean> {
  const live = findActiveRun(caller.userId, threadId)
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

/**
 * At shutdown: lets active runs finish until 3 s before `graceMs` ends, then interrupts them. What
 * they have said so far is kept.
 */
export async function drainRuns(graceMs: number): Promise<void> {
  // Readers of another process's run should move to a process that stays.
  wakeAllFollowers()
  const ends = () => Promise.all(listActiveRuns().map(({ ended }) => ended))
  await withDeadline(Math.max(0, graceMs - CLOSE_MS), ends())
  for (const run of listActiveRuns()) run.interrupt('The server is restarting. Try again in a moment.')
  await withDeadline(Math.min(graceMs, CLOSE_MS), ends())
  // The streams of runs that do not end would hold up the process. Their readers continue
  // elsewhere, where the run is found without a process.
  for (const run of listActiveRuns()) run.log.abandon()
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
