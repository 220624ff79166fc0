import type { NumberedEvent } from '#lib/chatkit/protocol/events.ts'
import type { AttachedTurn, AttachTo, RepeatedTurn } from '#lib/chatkit/server/deps.ts'
import { findRepeatedRun, findRunOfThread, isActive } from '#lib/data/runs/runs.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { followRun } from '#lib/runs/follow-run.ts'
import { findActiveRun, registry } from '#lib/runs/registry.ts'
import { requireServing } from '#lib/runs/require-serving.ts'

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

/**
 * Attaches to the run that is answering in the caller's thread, or to the named one, from event
 * `after` on. If a run lost its process, only its failure is left to report. Resolves to null if
 * nothing is being written. A named run whose events are no longer kept has no `runId`, so that its
 * reader does not ask again. Throws unavailable while the server shuts down.
 */
export async function attachToRun(
  caller: Caller,
  threadId: string,
  { runId, after = 0 }: AttachTo = {},
): Promise<AttachedTurn | null> {
  const live = findActiveRun(caller.userId, threadId)
  if (live && (runId ?? live.id) === live.id)
    return { runId: live.id, threadId, events: subscribeToRun(live.id, after) }
  const run = await findRunOfThread(caller, threadId, runId)
  if (!run) return null
  requireServing()
  if (runId !== undefined && run.lastSeq === 0) return { threadId, events: notKept() }
  if (runId !== undefined || isActive(run.status))
    return { runId: run.id, threadId, events: subscribeToRun(run.id, after) }
  if (run.status !== 'interrupted' || !run.errorMessage) return null
  return { runId: run.id, threadId, events: singleFailure(run.errorMessage) }
}

async function* singleFailure(message: string): AsyncGenerator<NumberedEvent, boolean> {
  yield { event: { type: 'error', code: 'custom', message, allow_retry: true } }
  return true
}

// biome-ignore lint/correctness/useYield: no events, and not the end
async function* notKept(): AsyncGenerator<NumberedEvent, boolean> {
  return false
}

/**
 * Finds the run that a request with this client id started, with its events while they are kept.
 */
export async function findRepeated(caller: Caller, clientRequestId: string): Promise<RepeatedTurn | null> {
  const first = await findRepeatedRun(caller, clientRequestId)
  if (!first) return null
  const { id: runId, threadId, isKept } = first
  return { runId, threadId, ...(isKept && { events: subscribeToRun(runId) }) }
}
