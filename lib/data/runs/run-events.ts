import type { NumberedEvent } from '#lib/chatkit/protocol/events.ts'
import { makeSettleStatement, type SettledRequest } from '#lib/data/usage/model-requests.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import { runSystemStatement, type Tx, withSystem } from '#lib/platform/db/db.ts'
import { toStorable } from '#lib/platform/json/to-storable.ts'

/**
 * Stored events of a run. `pieces` are the lengths of the adjacent text deltas merged into the row,
 * and `seq` is the number of the last one.
 */
export type StoredEvent = Required<NumberedEvent> & { pieces?: number[] }

/** The position of a reader in a run's log. */
export type Place = { runId: string; after: number }

/**
 * The progress of a run. `lastSeq` is null while more events may come, and 0 if none are kept any
 * more. `stale` means that its process has been silent for too long, whether or not the run has
 * ended.
 */
export type RunProgress = { status: RunStatus; lastSeq: number | null; stale: boolean }

/** The most rows that a reader gets at once. A full page means that there may be more. */
export const PAGE_ROWS = 500
/** How long (ms) the events of a run are kept after it ended. */
const KEPT_MS = 3_600_000
const SWEEP_RUNS = 200

type RunEvents = { runId: string; ownerId: string; events: StoredEvent[] }

/**
 * Writes events of several runs in one statement, and in the same transaction the requests to models
 * that have ended. Writing one twice changes nothing. Events of closed runs are skipped: their
 * process was declared dead and another one closed the log.
 */
export async function insertRunEvents(runs: RunEvents[], requests: SettledRequest[] = []): Promise<void> {
  const ids = runs.map(({ runId }) => runId)
  await runSystemStatement(
    'runs',
    ...(requests.length > 0 ? [makeSettleStatement(requests)] : []),
    insertion(
      runs,
      Prisma.sql`
        WHERE run_id IN (
          SELECT id FROM runs WHERE id = ANY(${ids}) AND last_seq IS NULL AND status IN ('queued', 'running', 'stopped') FOR KEY SHARE)`,
    ),
  )
}

/**
 * Writes events of the caller's own run, in a transaction that has already checked that the log is
 * open.
 */
export async function appendEvents(tx: Tx, runs: RunEvents[]): Promise<void> {
  if (runs.some(({ events }) => events.length > 0)) await tx.$executeRaw(insertion(runs))
}

function insertion(runs: RunEvents[], where = Prisma.empty): Prisma.Sql {
  const rows = runs.flatMap(({ runId, ownerId, events }) =>
    events.map(({ seq, event, pieces }) => ({ run_id: runId, seq, owner_id: ownerId, event, pieces: pieces ?? [] })),
  )
  return Prisma.sql`
    INSERT INTO run_events (run_id, seq, owner_id, event, pieces)
    SELECT run_id, seq, owner_id, event, pieces
    FROM jsonb_to_recordset(${JSON.stringify(toStorable(rows))}::jsonb)
      AS given (run_id text, seq integer, owner_id text, event jsonb, pieces integer[])
    ${where}
    ON CONFLICT DO NOTHING`
}

/**
 * For each place, reads the events after it, in order, and the progress of the run. The caller has
 * checked that the reader may see the run. Progress is read first, so an ended run has no more
 * events than these. Null if the run does not exist.
 */
export function readRunEvents(
  places: Place[],
  staleMs: number,
): Promise<({ progress: RunProgress; rows: StoredEvent[] } | null)[]> {
  return withSystem('runs', async (tx) => {
    const ids = places.map(({ runId }) => runId)
    const runs = await tx.$queryRaw<(RunProgress & { id: string })[]>`
      SELECT id, status, last_seq AS "lastSeq",
        coalesce(heartbeat_at, created_at) < now() - ${staleMs}::integer * interval '1 millisecond' AS stale
      FROM runs WHERE id = ANY(${ids})`
    const rows = await tx.$queryRaw<(StoredEvent & { place: number })[]>`
      SELECT place::integer, seq, event, pieces
      FROM unnest(${ids}::text[], ${places.map(({ after }) => after)}::integer[]) WITH ORDINALITY AS at (run_id, after, place)
      CROSS JOIN LATERAL (
        SELECT seq, event, pieces FROM run_events
        WHERE run_events.run_id = at.run_id AND seq > at.after ORDER BY seq LIMIT ${PAGE_ROWS}
      ) AS following
      ORDER BY place, seq`
    const byPlace = Map.groupBy(rows, ({ place }) => place)
    return places.map(({ runId }, index) => {
      const progress = runs.find(({ id }) => id === runId)
      return progress ? { progress, rows: byPlace.get(index + 1) ?? [] } : null
    })
  })
}

/** All stored events of a run, in order. */
export function listRunEvents(tx: Tx, runId: string): Promise<StoredEvent[]> {
  return tx.$queryRaw<StoredEvent[]>`SELECT seq, event, pieces FROM run_events WHERE run_id = ${runId} ORDER BY seq`
}

/** Deletes the events of a run that is withdrawn. */
export async function forgetEvents(tx: Tx, runId: string): Promise<void> {
  await tx.runEvent.deleteMany({ where: { runId } })
}

/**
 * Deletes the events of up to 200 runs that ended an hour ago or more. Resolves to the number of
 * runs; `more` means that there may be others.
 */
export async function sweepRunEvents(): Promise<{ runs: number; more: boolean }> {
  const runs = await withSystem(
    'expiry',
    (tx) => tx.$executeRaw`
      WITH old AS (
        SELECT id FROM runs WHERE last_seq > 0 AND finished_at < ${new Date(Date.now() - KEPT_MS)}
        ORDER BY finished_at LIMIT ${SWEEP_RUNS} FOR UPDATE SKIP LOCKED
      ), gone AS (DELETE FROM run_events USING old WHERE run_events.run_id = old.id)
      UPDATE runs SET last_seq = 0 FROM old WHERE runs.id = old.id`,
  )
  return { runs, more: runs === SWEEP_RUNS }
}
