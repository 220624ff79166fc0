import { closeAbandoned } from '#lib/chatkit/abandoned.ts'
import { hasUserMessageSince, keepItems, removeEmptyThread } from '#lib/data/chatkit-store.ts'
import { settleAbandonedCalls } from '#lib/data/ledger.ts'
import { allEvents, appendEvents } from '#lib/data/run-events.ts'
import { type AbandonedRun, closeAbandonedRun, interruptStaleRuns, unclosedRuns } from '#lib/data/runs.ts'
import type { Tx } from '#lib/db.ts'
import { newId } from '#lib/ids.ts'
import { log } from '#lib/log.ts'
import { countRun } from '#lib/metrics.ts'
import { tellEvents } from '#lib/runs/channel.ts'

/** More events than a process ever has before they are written: the last ones of a run come after all that a reader of the dead process can have seen. */
const UNWRITTEN = 1_000_000
const FAILURE = 'The server ended before the answer was complete. What it had said so far is kept.'

/**
 * Marks runs whose process died as interrupted, keeps what they had streamed, and settles the tool calls that ended runs left
 * pending; in one thread or everywhere, by whoever comes first. Resolves to the number of runs that were closed.
 */
export async function recoverRuns(threadId?: string): Promise<number> {
  const interrupted = await interruptStaleRuns(threadId)
  if (interrupted > 0) {
    log.warn({ count: interrupted }, 'runs without a process were marked as interrupted')
    countRun({ status: 'interrupted', failureClass: 'replica_died' }, interrupted)
  }
  const closed: { runId: string; lastSeq: number }[] = []
  for (const { id } of await unclosedRuns(threadId)) {
    try {
      await closeAbandonedRun(id, async (tx, run) => {
        const end = await close(tx, run)
        closed.push({ runId: id, lastSeq: end.lastSeq })
        return end
      })
    } catch (error) {
      // The others are not to wait for one that cannot be closed.
      log.error({ error, run_id: id }, 'a run without a process could not be closed')
    }
  }
  if (closed.length > 0) void tellEvents(closed)
  const calls = await settleAbandonedCalls(closed.map(({ runId }) => runId))
  if (calls > 0) log.warn({ count: calls }, 'tool calls whose outcome nobody knows were settled as unknown')
  return closed.length
}

/** Whatever the log says was streamed becomes what the thread keeps. */
async function close(tx: Tx, run: AbandonedRun): Promise<{ lastSeq: number; forgetRequest: boolean }> {
  const { id: runId, ownerId, threadId, status, operation } = run
  const rows = await allEvents(tx, runId)
  const { items, gone, closing } = closeAbandoned(
    rows.map(({ event }) => event),
    { threadId, noteId: newId('shcx'), ...(status !== 'stopped' && { failure: FAILURE }) },
  )
  await keepItems(tx, { ownerId, threadId }, items, gone)
  // A message that was never stored is lost with the process, unless its client may send it anew.
  const forgetRequest = rows.length === 0 && !(await hasUserMessageSince(tx, { ownerId, threadId }, run.createdAt))
  if (forgetRequest && operation === 'threads.create') await removeEmptyThread(tx, { ownerId, threadId })
  const last = (rows.at(-1)?.seq ?? 0) + UNWRITTEN
  await appendEvents(tx, [{ runId, ownerId, events: closing.map((event, index) => ({ seq: last + index + 1, event })) }])
  return { lastSeq: last + closing.length, forgetRequest }
}
