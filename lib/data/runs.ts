import { type Tx, withCaller, withSystem } from '#lib/db.ts'
import type { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import type { RunModel } from '#lib/generated/prisma/models.ts'
import { storableText } from '#lib/storable.ts'

/** A run without a heartbeat for this long (ms) has no process any more. */
export const STALE_MS = 15_000

const ACTIVE: RunStatus[] = ['queued', 'running']

export type NewRun = {
  id: string
  ownerId: string
  threadId: string
  operation: string
  requestId: string
  clientRequestId?: string
}

/** What a run turned out to be. `failureClass` and `errorMessage` (a public sentence) belong to `failed`. */
export type RunOutcome = { status: 'done' | 'stopped' | 'interrupted' | 'failed'; failureClass?: string; errorMessage?: string }

/** What is learned about a run while it goes. */
export type RunFacts = { model?: string; inputTokens?: number; outputTokens?: number; modelCalls?: number; firstDeltaAt?: Date }

/**
 * Writes a queued run. `busy`: the thread has an active one. `repeated`: this person's client sent this request before.
 * A run of the thread that lost its process is marked interrupted first.
 */
export function insertRun(run: NewRun): Promise<'inserted' | 'busy' | 'repeated'> {
  return withCaller({ userId: run.ownerId }, async (tx) => {
    const insert = () => tx.run.createMany({ data: run, skipDuplicates: true })
    if ((await insert()).count > 0) return 'inserted'
    const { ownerId, clientRequestId } = run
    if (clientRequestId && (await tx.run.findFirst({ where: { ownerId, clientRequestId }, select: { id: true } }))) return 'repeated'
    const { count } = await interrupt(tx, { threadId: run.threadId, ownerId })
    return count > 0 && (await insert()).count > 0 ? 'inserted' : 'busy'
  })
}

/** queued -> running. False where somebody else decided about the run meanwhile. */
export async function markRunning({ id, ownerId }: { id: string; ownerId: string }): Promise<boolean> {
  const now = new Date()
  const data = { status: 'running', startedAt: now, heartbeatAt: now } as const
  const { count } = await withCaller({ userId: ownerId }, (tx) => tx.run.updateMany({ where: { id, ownerId, status: 'queued' }, data }))
  return count > 0
}

/** queued or running -> an end. A run that was ended from elsewhere keeps that end and gets the facts alone. */
export function finishRun({ id, ownerId }: { id: string; ownerId: string }, outcome: RunOutcome, facts: RunFacts): Promise<void> {
  return withCaller({ userId: ownerId }, async (tx) => {
    const errorMessage = outcome.errorMessage && storableText(outcome.errorMessage)
    const data = { ...outcome, errorMessage, ...facts, finishedAt: new Date() }
    const { count } = await tx.run.updateMany({ where: { id, ownerId, status: { in: ACTIVE } }, data })
    if (count === 0) await tx.run.updateMany({ where: { id, ownerId }, data: facts })
  })
}

/** Marks the thread's active run as stopped, wherever it runs: its process notices at the next heartbeat. False where none is active. */
export async function markStopped(caller: { userId: string }, threadId: string): Promise<boolean> {
  const where = { threadId, ownerId: caller.userId, status: { in: ACTIVE } }
  const { count } = await withCaller(caller, (tx) => tx.run.updateMany({ where, data: { status: 'stopped', finishedAt: new Date() } }))
  return count > 0
}

/** Says that these runs are alive. Resolves to those that are no longer running, with the state they were given. */
export function beat(ids: string[]): Promise<{ id: string; status: RunStatus }[]> {
  return withSystem('recovery', async (tx) => {
    await tx.run.updateMany({ where: { id: { in: ids }, status: 'running' }, data: { heartbeatAt: new Date() } })
    return tx.run.findMany({ where: { id: { in: ids }, status: { notIn: ACTIVE } }, select: { id: true, status: true } })
  })
}

/** Marks every run that lost its process as interrupted and resolves to their number. */
export async function interruptStaleRuns(): Promise<number> {
  const { count } = await withSystem('recovery', (tx) => interrupt(tx, {}))
  return count
}

function interrupt(tx: Tx, where: Prisma.RunWhereInput): Promise<{ count: number }> {
  const stale = new Date(Date.now() - STALE_MS)
  return tx.run.updateMany({
    where: {
      ...where,
      status: { in: ACTIVE },
      OR: [{ heartbeatAt: { lt: stale } }, { heartbeatAt: null, createdAt: { lt: stale } }],
    },
    data: { status: 'interrupted', finishedAt: new Date(), errorMessage: 'The server ended before the answer was complete.' },
  })
}

/** The run that an earlier request with the client's id began, or null. */
export function findRepeatedRun(caller: { userId: string }, clientRequestId: string): Promise<{ id: string; threadId: string } | null> {
  const where = { ownerId: caller.userId, clientRequestId }
  return withCaller(caller, (tx) => tx.run.findFirst({ where, select: { id: true, threadId: true } }))
}

/** The caller's own run, or null. */
export function findRun(caller: { userId: string }, id: string): Promise<RunModel | null> {
  return withCaller(caller, (tx) => tx.run.findFirst({ where: { id, ownerId: caller.userId } }))
}

/** Anybody's run with its person, or null. Only for callers whose admin role was checked. */
export function findAnyRun(id: string): Promise<(RunModel & { owner: { name: string; email: string } }) | null> {
  return withSystem('admin', (tx) => tx.run.findUnique({ where: { id }, include: { owner: { select: { name: true, email: true } } } }))
}
