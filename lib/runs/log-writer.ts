import { insertRunEvents } from '#lib/data/runs/run-events.ts'
import type { SettledRequest } from '#lib/data/usage/model-requests.ts'
import { withoutRun } from '#lib/platform/db/run-fence.ts'
import { findDatabaseTrouble } from '#lib/platform/errors.ts'
import { log, withLogContext } from '#lib/platform/log.ts'
import { notifyEvents } from '#lib/runs/channel.ts'
import { type Packed, packEvents } from '#lib/runs/pack-events.ts'
import type { LiveRun } from '#lib/runs/registry.ts'

/**
 * How long (ms) events wait to be written together. It limits notifications to ten a second per
 * run.
 */
const BATCH_MS = 100
/** This many waiting events are written at once. */
const BATCH_EVENTS = 2_000
/** A run with this many unwritten events is ended. */
const BACKLOG_EVENTS = 100_000
/** Waits (ms) between attempts while the database is down, full or read-only. */
const RETRY_MS = [100, 250, 500, 1_000]

type Waiting = { run: LiveRun; events: Packed[]; requests: SettledRequest[] }

/**
 * Writes the logs of this process's runs to the database in shared batches, and what they used of
 * models. Live readers do not wait for it.
 */
export class LogWriter {
  #waiting = new Map<string, Waiting>()
  #count = 0
  #timer: NodeJS.Timeout | undefined
  #writing: { ids: Set<string>; done: Promise<void> } | undefined
  #failures = 0

  add(run: LiveRun, event: Packed): void {
    const waiting = this.#waitingOf(run)
    this.#count += 1
    if (waiting.events.push(event) >= BACKLOG_EVENTS)
      run.interrupt('The database could not be reached for too long. Try again.')
    if (this.#count >= BATCH_EVENTS && this.#failures === 0) this.#write()
    else this.#writeLater()
  }

  /** Adds a request to a model that has ended. The run may be over by then. */
  addRequest(run: LiveRun, request: SettledRequest): void {
    this.#waitingOf(run).requests.push(request)
    this.#writeLater()
  }

  /**
   * Resolves to what is not written yet of a run. From then on the caller must write it.
   */
  async take(runId: string): Promise<{ events: Packed[]; requests: SettledRequest[] }> {
    while (this.#writing?.ids.has(runId)) await this.#writing.done
    const { events = [], requests = [] } = this.#waiting.get(runId) ?? {}
    this.#waiting.delete(runId)
    this.#count -= events.length
    return { events: packEvents(events), requests }
  }

  #waitingOf(run: LiveRun): Waiting {
    const waiting = this.#waiting.get(run.id) ?? { run, events: [], requests: [] }
    this.#waiting.set(run.id, waiting)
    return waiting
  }

  /** The timer outlives the run that set it, so its log lines must not carry that run's ids. */
  #writeLater(): void {
    this.#timer ??= withLogContext(
      { request_id: undefined, user_id: undefined, run_id: undefined, thread_id: undefined },
      () => this.#later(),
    )
  }

  #later(): NodeJS.Timeout {
    return setTimeout(
      () => this.#write(),
      RETRY_MS[this.#failures - 1] ?? (this.#failures ? RETRY_MS.at(-1) : BATCH_MS),
    )
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing || this.#waiting.size === 0) return
    const batch = [...this.#waiting.values()]
    this.#waiting = new Map()
    this.#count = 0
    this.#writing = { ids: new Set(batch.map(({ run }) => run.id)), done: this.#insert(batch) }
    void this.#writing.done.then(() => {
      this.#writing = undefined
      if (this.#waiting.size > 0) this.#timer ??= this.#later()
    })
  }

  async #insert(batch: Waiting[]): Promise<void> {
    const rows = ({ run, events }: Waiting) => ({ runId: run.id, ownerId: run.ownerId, events: packEvents(events) })
    try {
      // A batch holds several runs, so its log lines carry no run's id.
      const requests = batch.flatMap((waiting) => waiting.requests)
      await withoutRun(() => insertRunEvents(batch.map(rows), requests))
      this.#failures = 0
      const written = batch.filter(({ events }) => events.length > 0)
      void notifyEvents(written.map(({ run, events }) => ({ runId: run.id, lastSeq: events.at(-1)?.seq ?? 0 })))
    } catch (error) {
      if (findDatabaseTrouble(error)) return this.#putBack(batch, error)
      // A run that cannot be written (for example, its person was deleted) must not hold up the
      // others.
      if (batch.length > 1) for (const one of batch) await this.#insert([one])
      else log.error({ error, run_id: batch[0]?.run.id }, 'events of a run were not written')
    }
  }

  #putBack(batch: Waiting[], error: unknown): void {
    if (this.#failures === 0) log.warn({ error }, 'events of runs are written later')
    this.#failures = Math.min(this.#failures + 1, RETRY_MS.length)
    for (const { run, events, requests } of batch) {
      const since = this.#waiting.get(run.id)
      this.#waiting.set(run.id, {
        run,
        events: [...events, ...(since?.events ?? [])],
        requests: [...requests, ...(since?.requests ?? [])],
      })
      this.#count += events.length
    }
  }
}
