import { setTimeout as sleep } from 'node:timers/promises'
import type { Opening } from '#lib/chatkit/protocol/store.ts'
import { type Insertion, insertRun, type NewRun, type RunLimits } from '#lib/data/runs/insert-run.ts'
import { withdrawRun } from '#lib/data/runs/runs.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { log, withLogContext } from '#lib/platform/log.ts'
import { registerShutdownHook } from '#lib/platform/process/shutdown.ts'
import { startHeartbeat } from '#lib/runs/heartbeat.ts'
import { launchRun, type Produce } from '#lib/runs/launch-run.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { findActiveRun, type LiveRun, registry } from '#lib/runs/registry.ts'
import { requireServing } from '#lib/runs/require-serving.ts'
import { drainRuns } from '#lib/runs/stop-run.ts'

/** How long (ms) a message waits for the answer before it to end, and how often (ms) it checks. */
const QUEUE_MS = 60_000
const QUEUE_LOOK_MS = 500

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
  /** Ends what works on the thread, if the turn is to take its place. */
  makeRoom?: (() => Promise<void>) | undefined
  begin: () => Promise<Produce>
  /** False: if another run has the thread, it is not waited for, whatever the settings say. */
  isPatient?: boolean
}

/** The run that answers a request. */
type Started = Pick<LiveRun, 'id' | 'ended'>

/**
 * Starts work that continues whether or not anyone listens. The run and the start of its turn are
 * stored in one transaction. `begin` is called once no other run works on the thread; if it throws,
 * no run is left and the error is passed on. If the request was sent before, nothing is started, and
 * the first request's run is returned.
 *
 * Throws what `check` throws; conflict if the thread already has an active run (after waiting for
 * its end, if the settings say so); limited if the person has too many runs or starts too many;
 * unauthenticated if the session has ended meanwhile; unavailable while the server shuts down.
 */
export async function startRun(
  about: RunAbout,
  { opening, check, makeRoom, begin, isPatient = true }: RunWork,
): Promise<Started> {
  const { caller, threadId, operation, requestId, clientRequestId, messageId: turnId } = about
  const run = { id: newId('run'), ownerId: caller.userId, threadId }
  const { sessionVersion, sessionId } = caller
  const repeated = await insertInTurn(
    { ...run, sessionVersion, sessionId, operation, requestId, clientRequestId, turnId },
    { opening, check, makeRoom, isPatient },
  )
  if (repeated) return { id: repeated, ended: registry().runs.get(repeated)?.ended ?? Promise.resolve() }
  const produce = await begin().catch(async (error) => {
    // If this fails, the row is found as stale.
    await withdrawRun(run).catch((cause) =>
      log.warn({ error: cause }, 'a run that did not begin could not be taken back'),
    )
    throw error
  })
  return withLogContext({ user_id: caller.userId, run_id: run.id, thread_id: threadId }, () => {
    log.info({ operation }, 'run started')
    const started = launchRun(run, produce)
    startHeartbeat()
    return started
  })
}

/**
 * Inserts the run once its thread has no other, and waits for that if the settings say so. Resolves
 * to the first run of a repeated request, or to undefined if the run was inserted.
 */
async function insertInTurn(
  run: NewRun,
  { opening, check, makeRoom, isPatient }: Pick<RunWork, 'opening' | 'check' | 'makeRoom' | 'isPatient'>,
): Promise<string | undefined> {
  const { RUNS_AT_ONCE: atOnce, RUNS_PER_MINUTE: perMinute, WHILE_ANSWERING } = env()
  const deadline = Date.now() + (WHILE_ANSWERING === 'wait' && isPatient ? QUEUE_MS : 0)
  await makeRoom?.()
  for (let recovered = false, waits = false, isRoomMadeAgain = false; ; ) {
    requireServing()
    registerShutdownHook('runs', drainRuns)
    const inserted = await insertRun(run, { atOnce, perMinute }, opening)
    if (inserted.outcome === 'inserted') return undefined
    if (inserted.outcome === 'repeated') return inserted.firstId
    // If `check` passes, the thread takes messages again, and the next attempt succeeds.
    if (inserted.outcome === 'refused') await check()
    else if (inserted.outcome !== 'busy') throw toRefusal(inserted, { atOnce, perMinute })
    // The run that holds the thread may have lost its process.
    if (!recovered && (await recoverRuns(run.threadId)) > 0) recovered = true
    else if (makeRoom && !isRoomMadeAgain) {
      // Another turn began meanwhile.
      isRoomMadeAgain = true
      await makeRoom()
    } else if (Date.now() >= deadline) throw stillAnswering()
    else {
      if (!waits) log.info({ operation: run.operation, thread_id: run.threadId }, 'a turn waits for the one before it')
      waits = true
      const ends = findActiveRun(run.ownerId, run.threadId)?.ended ?? sleep(QUEUE_LOOK_MS)
      await withDeadline(ends, QUEUE_LOOK_MS, () => undefined)
    }
  }
}

/** Why the run was not inserted, for the person. */
function toRefusal(
  refused: Exclude<Insertion, { outcome: 'inserted' | 'repeated' | 'busy' | 'refused' }>,
  { atOnce, perMinute }: RunLimits,
): AppError {
  if (refused.outcome === 'too_often') {
    const { retryAfter } = refused
    const message = `You have asked ${perMinute} times within a minute. Try again in ${retryAfter} s.`
    return new AppError('limited', message, { retryAfter })
  }
  if (refused.outcome === 'signed_out')
    return new AppError('unauthenticated', 'You were signed out. Sign in and try again.')
  const message = `You already have ${atOnce} answers in progress. Wait for one to end, or stop one.`
  return new AppError('limited', message, { retryAfter: 5 })
}

function stillAnswering(): AppError {
  const message = 'The assistant is still answering in this conversation. Wait for it, or stop it first.'
  return new AppError('conflict', message, { retryAfter: 5 })
}
