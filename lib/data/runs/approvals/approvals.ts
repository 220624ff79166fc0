import { endWaiting } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { ApprovalModel } from '#lib/generated/prisma/models.ts'
import { runStatementAs, type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { AppError } from '#lib/platform/errors.ts'

/** How long (ms) an approval stays pending before it expires. */
export const APPROVAL_MS = 24 * 60 * 60_000
/** The channel on which processes tell each other that approvals have expired. */
export const APPROVALS_CHANNEL = 'switchboard_questions'
const SWEEP = 500

export type Decision = 'approved' | 'declined'
export type Approval = Omit<ApprovalModel, 'status'> & { status: 'pending' | 'expired' | Decision }

/** The column spells declined as `denied`. */
const DECLINED = 'denied'

/** What an approval is for: a call, with hashes of its tool's definition and of the arguments shown. */
export type ApprovedCall = Pick<Approval, 'callId' | 'server' | 'tool' | 'toolHash' | 'argumentsHash'>

/** A new approval: a request for a person's decision about one call of a run. */
export type NewApproval = Pick<Approval, 'id' | 'itemId' | 'keptId'> & ApprovedCall

/**
 * Stores a parked run's sealed state and its approvals in one transaction. From then on any process
 * can resume the run, for a day. Throws conflict if the run ended meanwhile, because no decision is
 * needed any more.
 */
export async function storeParkedRun(
  run: { id: string; ownerId: string; threadId: string },
  sealed: string,
  asked: NewApproval[],
): Promise<void> {
  const { id: runId, ownerId, threadId } = run
  const expiresAt = new Date(Date.now() + APPROVAL_MS)
  const parked = { runId, ownerId, threadId, sealed, expiresAt }
  const approvals = asked.map((approval) => ({ ...approval, runId, ownerId, threadId, expiresAt }))
  await retryIdempotent(() =>
    withCaller({ userId: ownerId }, async (tx) => {
      // Held until the approvals are stored, so that a transaction that ends the run also ends
      // them.
      const [open] = await tx.$queryRaw<unknown[]>`
        SELECT 1 AS open FROM runs WHERE id = ${runId} AND owner_id = ${ownerId} AND status IN ('queued', 'running') FOR SHARE`
      if (!open) throw new AppError('conflict', 'This answer was stopped.')
      await tx.parkedRun.createMany({ data: parked, skipDuplicates: true })
      await tx.approval.createMany({ data: approvals, skipDuplicates: true })
    }),
  )
}

/**
 * Expires every pending approval of a person at once, within `tx`. They can no longer be decided,
 * and their runs can no longer be resumed. The commit notifies the sweep that closes their cards
 * (lib/agent/approvals/expire-approvals.ts).
 */
export async function expirePendingApprovals(tx: Tx, ownerId: string): Promise<void> {
  await tx.parkedRun.deleteMany({ where: { ownerId } })
  const { count } = await tx.approval.updateMany({
    where: { ownerId, status: 'pending' },
    data: { expiresAt: new Date() },
  })
  if (count > 0) await tx.$executeRaw`SELECT pg_notify(${APPROVALS_CHANNEL}, '')`
}

/** The caller's approval in this thread, or null. */
export async function findApproval(caller: { userId: string }, threadId: string, id: string): Promise<Approval | null> {
  const where = { id, threadId, ownerId: caller.userId }
  const row = await withCaller(caller, (tx) => tx.approval.findFirst({ where }))
  return row && toApproval(row)
}

/**
 * The result of a decision. `won` is true if it counts. `approvals` are all approvals of its run.
 * `sealed` is the run's state for the process that resumes it, else null.
 */
export type Answered = { won: boolean; approvals: Approval[]; sealed: string | null }

/**
 * Changes pending to a decision, once. The decision does not count if another came first or a day
 * has passed. `remember` keeps it for the thread. The last decision of a run also ends its wait and
 * takes its state in the same transaction, so that no fully decided run stays parked.
 */
export function answerApproval(
  caller: { userId: string },
  { id, runId }: Pick<Approval, 'id' | 'runId'>,
  decision: Decision,
  remember: boolean,
): Promise<Answered> {
  const ownerId = caller.userId
  return withCaller(caller, async (tx) => {
    // Serializes two decisions for one run, so that one of them is the last.
    await tx.$queryRaw`SELECT 1 AS held FROM runs WHERE id = ${runId} AND owner_id = ${ownerId} FOR UPDATE`
    const now = new Date()
    const where = { id, ownerId, status: 'pending', expiresAt: { gt: now } }
    const { count } = await tx.approval.updateMany({
      where,
      data: { status: toColumn(decision), remember, decidedAt: now },
    })
    const rows = await tx.approval.findMany({
      where: { runId, ownerId },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    })
    const approvals = rows.map(toApproval)
    const isAnswered = approvals.every(({ status }) => status === 'approved' || status === 'declined')
    return {
      won: count > 0,
      approvals,
      sealed: isAnswered ? await claimParkedRun(tx, { id: runId, ownerId }, now) : null,
    }
  })
}

/**
 * Takes the state of a parked run to resume it. Returns null if it was already taken or has
 * expired.
 */
export async function claimParkedRun(tx: Tx, run: { id: string; ownerId: string }, now: Date): Promise<string | null> {
  const where = { runId: run.id, ownerId: run.ownerId }
  const row = await tx.parkedRun.findFirst({ where })
  const { count } = await tx.parkedRun.deleteMany({ where })
  if (!row || count === 0 || row.expiresAt <= now) return null
  await endWaiting(tx, run, 'done')
  return row.sealed
}

/**
 * The decision on an approval. `isMade` is true if its call was made; `isOpen` is true while a run
 * of its thread may still make it.
 */
export type Answer = { itemId: string; status: Approval['status']; remember: boolean; isMade: boolean; isOpen: boolean }

/** The decisions on these cards of a thread. Cards without a decision are left out. */
export async function listAnswers(caller: { userId: string }, threadId: string, itemIds: string[]): Promise<Answer[]> {
  const own = Prisma.sql`owner_id = ${caller.userId} AND thread_id = ${threadId}`
  const rows = await runStatementAs<Omit<Answer, 'status'> & { status: string }>(
    caller,
    Prisma.sql`
      SELECT item_id AS "itemId", status, remember,
        EXISTS (SELECT FROM tool_calls WHERE ${own} AND tool_calls.call_id = approvals.call_id) AS "isMade",
        EXISTS (SELECT FROM runs WHERE ${own} AND runs.status IN ('queued', 'running')) AS "isOpen"
      FROM approvals WHERE ${own} AND item_id = ANY(${itemIds}) AND status <> 'pending'`,
  )
  return rows.map((row) => ({ ...row, status: toStatus(row.status) }))
}

/**
 * Ends the pending approvals of a run as expired or declined, ends the run's wait and deletes its
 * state. What the person approved beside them was not made, so it ends with them; that they allowed
 * a tool for the rest of the thread still counts. Resolves to the approvals that it ended, and to those that the person had declined beside them. `why` is kept in
 * the run's row.
 */
export function closeApprovals(
  caller: { userId: string },
  runId: string,
  ending: 'declined' | 'expired',
  why: string,
): Promise<{ ended: Approval[]; declined: Approval[] }> {
  return withCaller(caller, async (tx) => {
    const own = { runId, ownerId: caller.userId }
    await tx.parkedRun.deleteMany({ where: own })
    await endWaiting(tx, { id: runId, ownerId: caller.userId }, 'stopped', why)
    const data = { status: toColumn(ending), decidedAt: new Date() }
    const ended = await tx.approval.updateManyAndReturn({ where: { ...own, status: 'pending' }, data })
    if (ended.length === 0) return { ended: [], declined: [] }
    const pending = ended.map(({ id }) => id)
    const beside = await tx.approval.findMany({ where: { ...own, id: { notIn: pending } } })
    const declined = beside.filter(({ status }) => status === DECLINED)
    const isApproved = beside.some(({ status }) => status === 'approved')
    const approved = isApproved
      ? await tx.approval.updateManyAndReturn({
          where: { ...own, status: 'approved' },
          // What the person allowed for the thread stays, as of the moment when they did.
          data: { status: data.status },
        })
      : []
    return { ended: [...approved, ...ended].map(toApproval), declined: declined.map(toApproval) }
  })
}

/** The runs of a thread that have pending approvals. */
export async function listRunsWithPendingApprovals(caller: { userId: string }, threadId: string): Promise<string[]> {
  const rows = await runStatementAs<{ id: string }>(
    caller,
    Prisma.sql`
      SELECT DISTINCT run_id AS id FROM approvals
      WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND status = 'pending'`,
  )
  return rows.map(({ id }) => id)
}

/**
 * The runs with approvals that expired without a decision, oldest first, without those of `except`;
 * 500 at most. Also deletes the expired states of parked runs.
 */
export function listRunsWithExpiredApprovals(except: string[] = []): Promise<{ runId: string; ownerId: string }[]> {
  return withSystem('expiry', async (tx) => {
    const now = new Date()
    await tx.parkedRun.deleteMany({ where: { expiresAt: { lte: now } } })
    return tx.$queryRaw<{ runId: string; ownerId: string }[]>`
      SELECT run_id AS "runId", owner_id AS "ownerId" FROM approvals
      WHERE status = 'pending' AND expires_at <= ${now} AND NOT run_id = ANY(${except})
      GROUP BY run_id, owner_id ORDER BY min(expires_at), run_id LIMIT ${SWEEP}::integer`
  })
}

function toColumn(status: Approval['status']): string {
  return status === 'declined' ? DECLINED : status
}

function toStatus(column: string): Approval['status'] {
  return column === DECLINED ? 'declined' : (column as Approval['status'])
}

function toApproval(row: ApprovalModel): Approval {
  return { ...row, status: toStatus(row.status) }
}
