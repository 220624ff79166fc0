import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { noteConversationChange } from '#lib/data/chat/conversation-changes.ts'
import { ownFailureClass } from '#lib/data/runs/run-failures.ts'
import { finishRun, markRunning, type RunFacts, type RunOutcome } from '#lib/data/runs/runs.ts'
import { recordRequests, type SettledRequest } from '#lib/data/usage/model-requests.ts'
import { withDatabasePatience } from '#lib/platform/db/retry.ts'
import { withRun } from '#lib/platform/db/run-fence.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { env } from '#lib/platform/env.ts'
import { AppError, toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { countFirstWord, countRun } from '#lib/platform/metrics/run-metrics.ts'
import { noteChange } from '#lib/platform/process/watch-changes.ts'
import { findRequestSpan, recordSpan } from '#lib/platform/telemetry/record-span.ts'
import { type TraceContext, toRunSpan } from '#lib/platform/telemetry/trace-context.ts'
import { notifyEvents } from '#lib/runs/channel.ts'
import { EventLog } from '#lib/runs/event-log.ts'
import { LogWriter } from '#lib/runs/log-writer.ts'
import { beginNextTurn } from '#lib/runs/next-turn.ts'
import { keepEndedRun, type LiveRun, registry } from '#lib/runs/registry.ts'
import type { RunHandle } from '#lib/runs/run-handle.ts'

/** Produces the events of a run. Should not throw: a failure is an event. */
export type Produce = (run: RunHandle) => AsyncGenerator<ThreadStreamEvent>

/** How long (ms) a run waits for a database that is down, each time. */
export const PATIENCE = { ms: 30_000 }
/** Waits (ms) between attempts to write a run's end. */
const RETRY_MS = [500, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000]
/**
 * How long (ms) readers wait for the first attempt to write the run's end before they are ended.
 */
const FINISH_MS = 3_000

const writer = new LogWriter()

/**
 * Starts to pump `produce` into a log, whether or not anyone reads it. The run's row must be
 * queued.
 */
export function launchRun(about: About, produce: Produce): LiveRun {
  const facts: RunFacts = {}
  const ending = new Ending()
  const run = makeLiveRun(about, ending)
  const beganAt = Date.now()
  const cause = findRequestSpan()
  const handle = makeHandle(run, ending, facts)
  const tooLong = setTimeout(
    () => run.interrupt('The answer took too long and was cut off. What was said so far is kept.'),
    env().RUN_TIMEOUT * 1000,
  )
  registry().runs.set(run.id, run)
  noteChange()
  noteConversationChange(run.ownerId)
  run.ended = withDatabasePatience(PATIENCE.ms, () => withRun(run.id, () => pumpRun(run, handle, produce, facts)))
    .then(() => {
      ending.isSettling = true
      return settleRun(run, ending.outcome ?? { status: 'done' }, facts)
    })
    .finally(() => {
      clearTimeout(tooLong)
      recordRun(run.id, { beganAt, cause }, ending.outcome, facts)
    })
  return run
}

function recordRun(
  runId: string,
  began: { beganAt: number; cause: TraceContext | undefined },
  { status, failureClass }: RunOutcome = { status: 'done' },
  { firstDeltaAt }: RunFacts = {},
): void {
  const attributes = {
    ...{ 'switchboard.run.id': runId, 'switchboard.run.status': status },
    ...(firstDeltaAt && { 'switchboard.run.first_word_ms': firstDeltaAt.getTime() - began.beganAt }),
  }
  const failure = status === 'failed' ? (failureClass ?? 'internal') : undefined
  recordSpan({ ...began, name: 'run', at: toRunSpan(runId), attributes, failure })
}

type About = { id: string; ownerId: string; threadId: string }

/** How a run ends. The first outcome counts. */
class Ending {
  outcome: RunOutcome | undefined
  /** True once the run's end is being written to its row. */
  isSettling = false
  readonly #controller = new AbortController()

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  note(outcome: RunOutcome): void {
    this.outcome ??= outcome
  }

  /** Ends the run early. Without `reason`, the person stopped it. */
  end(outcome: RunOutcome, reason?: AppError): void {
    this.note(outcome)
    this.#controller.abort(reason)
  }
}

/** The run as this process knows it: what may end it from outside. */
function makeLiveRun(about: About, ending: Ending): LiveRun {
  const events = new EventLog()
  return {
    ...about,
    log: events,
    stop: (why) => {
      const reason = why === undefined ? undefined : new AppError('unauthenticated', why)
      ending.end({ status: 'stopped', errorMessage: why }, reason)
    },
    interrupt: (errorMessage) =>
      ending.end({ status: 'interrupted', errorMessage }, new AppError('unavailable', errorMessage)),
    lose: () => {
      // If the run is settling, the row may hold this run's own end. If it does not, writing the
      // end fails.
      if (ending.isSettling) return
      events.abandon()
      ending.end({ status: 'interrupted' }, new AppError('unavailable', 'The answer was cut off.'))
    },
    ended: Promise.resolve(),
    active: true,
  }
}

/** The run as its own work knows it. */
function makeHandle(run: LiveRun, ending: Ending, facts: RunFacts): RunHandle {
  const { id, threadId } = run
  return {
    id,
    threadId,
    signal: ending.signal,
    report: (learned) => void Object.assign(facts, learned),
    keepRequest: (request) => writer.addRequest(run, request),
    fail: (failureClass, errorMessage, failureDetail) =>
      ending.note({ status: 'failed', failureClass, errorMessage, failureDetail }),
    wait: () => ending.note({ status: 'waiting' }),
  }
}

async function pumpRun(run: LiveRun, handle: RunHandle, produce: Produce, facts: RunFacts): Promise<void> {
  const beganAt = Date.now()
  const marked = markRun(run, handle)
  try {
    for await (const event of produce(handle)) {
      if (!facts.firstDeltaAt && isDelta(event)) {
        facts.firstDeltaAt = new Date()
        countFirstWord(facts.firstDeltaAt.getTime() - beganAt)
      }
      if (event.type === 'error') facts.allowRetry = event.allow_retry
      keepEvent(run, event)
    }
  } catch (error) {
    const { message, status } = toAppError(error)
    log.error({ error }, 'run broke')
    handle.fail(ownFailureClass(error), message)
    facts.allowRetry = status >= 429
    keepEvent(run, { type: 'error', code: 'custom', message, allow_retry: facts.allowRetry })
  }
  await marked
}

/**
 * Readers in this process see the event at once; the database has it within a tenth of a second.
 */
function keepEvent(run: LiveRun, event: ThreadStreamEvent): void {
  writer.add(run, { seq: run.log.append(event), event })
}

/** Marks the row as running. The run has already started and does not wait for this. */
async function markRun(run: LiveRun, handle: RunHandle): Promise<void> {
  try {
    if (!(await markRunning(run))) run.stop()
  } catch (error) {
    log.warn({ error }, 'a run could not be marked as running')
    // Without the mark there is no heartbeat, and another process could start a second run in the
    // thread.
    const { message } = toAppError(error)
    handle.fail(ownFailureClass(error), message)
    run.interrupt(message)
  }
}

function isDelta(event: ThreadStreamEvent): boolean {
  return event.type === 'thread.item.updated' && event.update.type === 'assistant_message.content_part.text_delta'
}

/**
 * Writes the run's end and ends its readers. If the database is down, it keeps trying in the
 * background.
 */
async function settleRun(run: LiveRun, outcome: RunOutcome, facts: RunFacts): Promise<void> {
  const { promise: tried, resolve } = Promise.withResolvers<void>()
  const written = writeEnd(run, outcome, facts, resolve)
  // The row is written first, so that the next message finds the thread free. Readers do not wait
  // for a database that is down.
  await withDeadline(tried, FINISH_MS, () => undefined)
  run.active = false
  beginNextTurn(run)
  run.log.end()
  const { status, failureClass: failure_class } = outcome
  const { firstDeltaAt: _, allowRetry: __, ...told } = facts
  countRun(outcome)
  noteChange()
  noteConversationChange(run.ownerId)
  log[status === 'failed' ? 'warn' : 'info']({ status, failure_class, ...told }, 'run ended')
  keepEndedRun(run)
  await written
}

async function writeEnd(run: LiveRun, outcome: RunOutcome, facts: RunFacts, tried: () => void): Promise<void> {
  const lastSeq = run.log.last
  const rest = await writer.take(run.id)
  for (const wait of [...RETRY_MS, undefined]) {
    try {
      if (!(await finishRun(run, outcome, facts, { lastSeq, ...rest }))) return await loseRun(run, rest.requests)
      return void notifyEvents([{ runId: run.id, lastSeq }])
    } catch (error) {
      // Given up: the row gets no more heartbeats and is found as stale.
      if (wait === undefined) return log.error({ error }, 'the end of a run could not be written')
      log.warn({ error }, 'the end of a run is written later')
      tried()
      await new Promise((resolve) => setTimeout(resolve, wait).unref())
    } finally {
      tried()
    }
  }
}

/**
 * Another process took the run for dead and closed it. What that process wrote is final, but what
 * the run used of its models was used.
 */
async function loseRun(run: LiveRun, requests: SettledRequest[]): Promise<void> {
  log.warn('a run was closed by another process')
  run.log.abandon()
  await recordRequests(requests)
}
