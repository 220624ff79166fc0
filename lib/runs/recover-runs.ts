import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { closeAbandoned } from '#lib/chatkit/server/pipeline/close-abandoned.ts'
import { hasItemsAfter, keepItems } from '#lib/data/chat/upsert-items.ts'
import { hasToolCalls, settleAbandonedCalls } from '#lib/data/runs/ledger.ts'
import { appendEvents, forgetEvents, listRunEvents } from '#lib/data/runs/run-events.ts'
import {
  type AbandonedRun,
  closeAbandonedRun,
  endForgottenWaits,
  interruptStaleRuns,
  listUnclosedRuns,
} from '#lib/data/runs/stale-runs.ts'
import type { Tx } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'
import { countRun } from '#lib/platform/metrics/run-metrics.ts'
import { notifyEvents } from '#lib/runs/channel.ts'
import { DELIVERY } from '#lib/runs/next-turn.ts'

/**
 * More events than a process can hold unwritten. It keeps the closing events' numbers above any
 * that a reader of the dead process may have seen.
 */
const UNWRITTEN = 1_000_000
const ANSWERS_A_MESSAGE = new Set(['threads.create', 'threads.add_user_message', 'threads.retry_after_item'])
const FAILURE = 'The server stopped before the answer was complete. What it said so far is kept.'

/**
 * Marks runs whose process died as interrupted, keeps what they streamed, and settles the tool
 * calls that ended runs left pending. Works on one thread or on all; several processes may call it
 * at once. Resolves to the number of runs that were closed.
 */
export async function recoverRuns(threadId?: string): Promise<number> {
  const interrupted = await interruptStaleRuns(threadId)
  if (interrupted > 0) {
    log.warn({ count: interrupted }, 'runs without a process were marked as interrupted')
    countRun({ status: 'interrupted', failureClass: 'replica_died' }, interrupted)
  }
  const forgotten = await endForgottenWaits(threadId)
  if (forgotten > 0) log.warn({ count: forgotten }, 'runs that waited for no question any more were ended')
  const closed: { runId: string; lastSeq: number }[] = []
  for (const { id } of await listUnclosedRuns(threadId)) {
    try {
      await closeAbandonedRun(id, async (tx, run) => {
        const lastSeq = await closeAbandonedRunLog(tx, run)
        closed.push({ runId: id, lastSeq })
        return lastSeq
      })
    } catch (error) {
      // One run that cannot be closed must not hold up the others.
      log.error({ error, run_id: id }, 'a run without a process could not be closed')
    }
  }
  if (closed.length > 0) void notifyEvents(closed)
  const calls = await settleAbandonedCalls(closed.map(({ runId }) => runId))
  if (calls > 0) log.warn({ count: calls }, 'tool calls whose outcome nobody knows were settled as unknown')
  return closed.length
}

/**
 * Keeps in the thread whatever the log says was streamed. Resolves to the last number of the log.
 * Resolves to 0 for a run that had not begun to answer: no failure is reported, so that its client
 * sends the request again and is answered. A message that had waited has no such client.
 */
async function closeAbandonedRunLog(tx: Tx, run: AbandonedRun): Promise<number> {
  const { id: runId, ownerId, threadId, status, operation } = run
  const rows = await listRunEvents(tx, runId)
  const hasClient = operation !== DELIVERY
  if (hasClient && status !== 'stopped' && rows.every(({ event }) => isOpening(event)) && !(await hasActed(tx, run))) {
    await forgetEvents(tx, runId)
    return 0
  }
  const { items, gone, closing } = closeAbandoned(
    rows.map(({ event }) => event),
    { threadId, noteId: newId('shcx'), ...(status !== 'stopped' && { failure: FAILURE }) },
  )
  await keepItems(tx, { ownerId, threadId }, items, gone)
  const last = (rows.at(-1)?.seq ?? 0) + UNWRITTEN
  await appendEvents(tx, [
    { runId, ownerId, events: closing.map((event, index) => ({ seq: last + index + 1, event })) },
  ])
  return last + closing.length
}

/**
 * True if the run may have done something that its log does not show, because its process died
 * within the tenth of a second before the log is written.
 */
async function hasActed(tx: Tx, { id, ownerId, threadId, operation, turnId }: AbandonedRun): Promise<boolean> {
  if (await hasToolCalls(tx, id)) return true
  // Operations that continue a turn already refuse to run twice.
  return ANSWERS_A_MESSAGE.has(operation) && (turnId === null || hasItemsAfter(tx, { ownerId, threadId }, turnId))
}

/** True for events that come before the answer begins. */
function isOpening(event: ThreadStreamEvent): boolean {
  switch (event.type) {
    case 'thread.created':
    case 'thread.updated':
    case 'stream_options':
    case 'progress_update':
      return true
    case 'thread.item.done':
      return event.item.type === 'user_message'
    default:
      return false
  }
}
