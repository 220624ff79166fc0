import type { NumberedEvent } from '#lib/chatkit/protocol/events.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import { systemStatement, type Tx, withSystem } from '#lib/platform/db/db.ts'
import { toStorable } from '#lib/platform/json/to-storable.ts'

/** Events of a run as they are kept: `pieces` are the lengths of the neighbouring text deltas that share the row, and `seq` is the last one's number. */
export type StoredEvent = Required<NumberedEvent> & { pieces?: number[] }

/** Where a reader stands in a run's log. */
export type Place = { runId: string; after: number }

/** How far a run is. `lastSeq` is null while more may come, 0 where nothing is kept any more. `stale`: ended or not, its process has been silent for too long. */
export type RunProgress = { status: RunStatus; lastSeq: number | null; stale: boolean }

/** Rows that one reader gets at once; where it gets as many, there may be more. */
export const PAGE_ROWS = 500
/** How long (ms) the events of a run are kept after its end. */
const KEPT_MS = 3_600_000
const SWEEP_RUNS = 200

type RunEvents = { runId: string; ownerId: string; events: StoredEvent[] }

/**
 * Writes events of several runs in one statement; writing one twice changes nothing. Those of a run that is over are left out:
 * its process was taken for dead, and somebody else has closed the log.
 */
export async function insertRunEvents(runs: RunEvents[]): Promise<void> {
  const ids = runs.map(({ runId }) => runId)
  await systemStatement(
    'runs',
    insertion(
      runs,
      Prisma.sql`
        WHERE run_id IN (
          SELECT id FROM runs WHERE id = ANY(${ids}) AND last_seq IS NULL AND status IN ('queued', 'running', 'stopped') FOR KEY SHARE)`,
    ),
  )
}

/** Writes events of one's own run within a transaction that has seen to it that the log is open. */
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
 * For each place (the caller has seen to it that the reader may see the run) what comes after it, in order, and how far the
 * run is: read before the events, so that a run which has ended has no more than these. Null for a run that is not there.
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

/** Every event that is kept of a run, in order. */
export function allEvents(tx: Tx, runId: string): Promise<StoredEvent[]> {
  return tx.$queryRaw<StoredEvent[]>`SELECT seq, event, pieces FROM run_events WHERE run_id = ${runId} ORDER BY seq`
}

/** Removes what was logged of a run that is taken back. */
export async function forgetEvents(tx: Tx, runId: string): Promise<void> {
  await tx.runEvent.deleteMany({ where: { runId } })
}

/** Removes the events of some runs that ended an hour ago. Resolves to the number of runs; a full 200 means that there may be more. */
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
