import type { Caller } from '#lib/auth/caller.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { findRepeatedRun, insertRun, markStopped } from '#lib/data/runs.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import { log, withLogContext } from '#lib/log.ts'
import { keepBeating } from '#lib/runs/heartbeat.ts'
import { launch, type Produce } from '#lib/runs/pump.ts'
import { activeRun, activeRuns, registry } from '#lib/runs/registry.ts'
import { isShuttingDown, onShutdown } from '#lib/shutdown.ts'

/** How long (ms) a stop waits for the run to end. */
const STOP_WAIT_MS = 5_000
/** What a drained run gets (ms) to close what it has open. */
const CLOSE_MS = 3_000

/** What a run is for. `requestId` is ours, for logs; `clientRequestId` the client's own, which is never accepted twice. */
export type RunAbout = { caller: Caller; threadId: string; operation: string; requestId: string; clientRequestId?: string }

export type StartedRun = {
  id: string
  /** True for a request that was sent before: nothing was started, `id` is the first one's run. */
  repeated: boolean
  /** Resolves when the run is over and its row has its end; never rejects. */
  ended: Promise<void>
}

/**
 * Starts work that goes on whoever listens. Throws conflict where the thread has an active run already, and unavailable
 * while the server ends.
 */
export async function startRun(about: RunAbout, produce: Produce): Promise<StartedRun> {
  if (isShuttingDown()) throw new AppError('unavailable', 'The server is restarting. Try again in a moment.', { retryAfter: 5 })
  onShutdown('runs', drainRuns)
  const { caller, threadId, operation, requestId, clientRequestId } = about
  const run = { id: newId('run'), ownerId: caller.userId, threadId }
  const inserted = await insertRun({ ...run, operation, requestId, clientRequestId })
  if (inserted === 'repeated' && clientRequestId) {
    const first = await findRepeatedRun(caller, clientRequestId)
    if (first) return { id: first.id, repeated: true, ended: registry().runs.get(first.id)?.ended ?? Promise.resolve() }
  }
  if (inserted !== 'inserted')
    throw new AppError('conflict', 'The assistant is still answering in this conversation. Wait for it, or stop it first.')
  return withLogContext({ user_id: caller.userId, run_id: run.id, thread_id: threadId }, () => {
    log.info({ operation }, 'run started')
    const { ended } = launch(run, produce)
    keepBeating()
    return { id: run.id, repeated: false, ended }
  })
}

/** The run's events after number `after`, then those to come. Nothing where the run is not (any more) known to this process. */
export async function* subscribe(runId: string, after = 0): AsyncGenerator<ThreadStreamEvent> {
  const run = registry().runs.get(runId)
  if (run) yield* run.log.read(after)
}

/** The run that is answering in the caller's thread, with all its events, or null. */
export async function attachToRun(
  caller: Caller,
  threadId: string,
): Promise<{ runId: string; threadId: string; events: AsyncGenerator<ThreadStreamEvent> } | null> {
  const run = activeRun(caller.userId, threadId)
  return run ? { runId: run.id, threadId, events: run.log.read() } : null
}

/** The run that a request with this client id began; its events while they are kept. */
export async function findRepeated(
  caller: Caller,
  clientRequestId: string,
): Promise<{ runId: string; threadId: string; events?: AsyncGenerator<ThreadStreamEvent> } | null> {
  const first = await findRepeatedRun(caller, clientRequestId)
  if (!first) return null
  return { runId: first.id, threadId: first.threadId, events: registry().runs.get(first.id)?.log.read() }
}

/**
 * Ends the active run of the caller's thread and waits 5 s at most for its end. A run of another process ends at its next
 * heartbeat. False where none was active.
 */
export async function stopRun(caller: Caller, threadId: string): Promise<boolean> {
  const run = activeRun(caller.userId, threadId)
  if (!run) return markStopped(caller, threadId)
  run.stop()
  await within(STOP_WAIT_MS, run.ended)
  return true
}

/** At the end of the process: active runs have until shortly before `graceMs` to finish, then they end with what they have. */
export async function drainRuns(graceMs: number): Promise<void> {
  const ends = () => Promise.all(activeRuns().map(({ ended }) => ended))
  await within(Math.max(0, graceMs - CLOSE_MS), ends())
  for (const run of activeRuns()) run.interrupt('The server is restarting. Try again in a moment.')
  await within(Math.min(graceMs, CLOSE_MS), ends())
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, late])
  clearTimeout(timer)
}
