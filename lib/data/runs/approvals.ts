import { endWaiting } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { ApprovalModel } from '#lib/generated/prisma/models.ts'
import { statementAs, type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { AppError } from '#lib/platform/errors.ts'

/** How long (ms) a question waits for its answer. */
export const APPROVAL_MS = 24 * 60 * 60_000
/** Where processes tell each other that questions have become late. */
export const QUESTIONS_CHANNEL = 'switchboard_questions'
const SWEEP = 500

export type Approval = ApprovalModel
export type Decision = 'approved' | 'denied'

/** A question to a person about one call of a run. */
export type NewApproval = Pick<Approval, 'id' | 'callId' | 'server' | 'tool' | 'toolHash' | 'itemId' | 'keptId'>

/**
 * Stores a run's sealed state and its questions, in one transaction: from now on any process can go on with it, for a day. Throws
 * conflict where the run was ended meanwhile: nobody is asked for it any more.
 */
export async function storeParkedRun(
  run: { id: string; ownerId: string; threadId: string },
  sealed: string,
  questions: NewApproval[],
): Promise<void> {
  const { id: runId, ownerId, threadId } = run
  const expiresAt = new Date(Date.now() + APPROVAL_MS)
  const paused = { runId, ownerId, threadId, sealed, expiresAt }
  const asked = questions.map((question) => ({ ...question, runId, ownerId, threadId, expiresAt }))
  await retryIdempotent(() =>
    withCaller({ userId: ownerId }, async (tx) => {
      // Held until the questions are there, so that whoever ends the run ends them, too.
      const [open] = await tx.$queryRaw<unknown[]>`
        SELECT 1 AS open FROM runs WHERE id = ${runId} AND owner_id = ${ownerId} AND status IN ('queued', 'running') FOR SHARE`
      if (!open) throw new AppError('conflict', 'This answer was stopped.')
      await tx.pausedRun.createMany({ data: paused, skipDuplicates: true })
      await tx.approval.createMany({ data: asked, skipDuplicates: true })
    }),
  )
}

/**
 * Ends the time of every question of a person within `tx`: nobody can answer them any more, nobody can go on with what waits for the
 * answers, and whoever looks for late questions (lib/agent/approvals/expire-approvals.ts), told at the commit, closes their cards.
 */
export async function dueNow(tx: Tx, ownerId: string): Promise<void> {
  await tx.pausedRun.deleteMany({ where: { ownerId } })
  const { count } = await tx.approval.updateMany({
    where: { ownerId, status: 'pending' },
    data: { expiresAt: new Date() },
  })
  if (count > 0) await tx.$executeRaw`SELECT pg_notify(${QUESTIONS_CHANNEL}, '')`
}

/** The caller's question in this thread, or null. */
export function findApproval(caller: { userId: string }, threadId: string, id: string): Promise<Approval | null> {
  return withCaller(caller, (tx) => tx.approval.findFirst({ where: { id, threadId, ownerId: caller.userId } }))
}

/** What came of an answer: `won` where it counts, all questions of its run, and the run's state for the one who goes on with it. */
export type Answered = { won: boolean; approvals: Approval[]; sealed: string | null }

/**
 * pending -> an answer, once: it counts for nothing where somebody was faster, or a day has passed. `remember`: it holds for the
 * thread. With the last answer that its run waits for, the same transaction ends the wait and takes the run's state, so that no
 * run is left whose questions are all answered.
 */
export function answerApproval(
  caller: { userId: string },
  { id, runId }: Pick<Approval, 'id' | 'runId'>,
  status: Decision,
  remember: boolean,
): Promise<Answered> {
  const ownerId = caller.userId
  return withCaller(caller, async (tx) => {
    // Two answers to one run take turns: one of them is the last.
    await tx.$queryRaw`SELECT 1 AS held FROM runs WHERE id = ${runId} AND owner_id = ${ownerId} FOR UPDATE`
    const now = new Date()
    const where = { id, ownerId, status: 'pending', expiresAt: { gt: now } }
    const { count } = await tx.approval.updateMany({ where, data: { status, remember, decidedAt: now } })
    const approvals = await tx.approval.findMany({
      where: { runId, ownerId },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    })
    const isAnswered = approvals.every((approval) => approval.status === 'approved' || approval.status === 'denied')
    return {
      won: count > 0,
      approvals,
      sealed: isAnswered ? await claimParkedRun(tx, { id: runId, ownerId }, now) : null,
    }
  })
}

/** Takes the state of a run that goes on: the second one who asks gets null, as for one that is too old. */
async function claimParkedRun(tx: Tx, run: { id: string; ownerId: string }, now: Date): Promise<string | null> {
  const where = { runId: run.id, ownerId: run.ownerId }
  const row = await tx.pausedRun.findFirst({ where })
  const { count } = await tx.pausedRun.deleteMany({ where })
  if (!row || count === 0 || row.expiresAt <= now) return null
  await endWaiting(tx, run, 'done')
  return row.sealed
}

/** How a question was answered, and whether its call was made: `isOpen` while a run of its thread may still make it. */
export type Answer = { itemId: string; status: string; remember: boolean; isMade: boolean; isOpen: boolean }

/** The answers to the questions on these cards of a thread; those without one are left out. */
export function listAnswers(caller: { userId: string }, threadId: string, itemIds: string[]): Promise<Answer[]> {
  const own = Prisma.sql`owner_id = ${caller.userId} AND thread_id = ${threadId}`
  return statementAs<Answer>(
    caller,
    Prisma.sql`
      SELECT item_id AS "itemId", status, remember,
        EXISTS (SELECT FROM tool_calls WHERE ${own} AND tool_calls.call_id = approvals.call_id) AS "isMade",
        EXISTS (SELECT FROM runs WHERE ${own} AND runs.status IN ('queued', 'running')) AS "isOpen"
      FROM approvals WHERE ${own} AND item_id = ANY(${itemIds}) AND status <> 'pending'`,
  )
}

/**
 * Ends whatever questions of a run are open, as expired or denied, and with them the run's wait; its state is forgotten. Resolves to
 * the questions that it ended. `why` is kept in the run's row.
 */
export function closeApprovals(
  caller: { userId: string },
  runId: string,
  status: 'denied' | 'expired',
  why: string,
): Promise<Approval[]> {
  return withCaller(caller, async (tx) => {
    const where = { runId, ownerId: caller.userId, status: 'pending' }
    await tx.pausedRun.deleteMany({ where: { runId, ownerId: caller.userId } })
    await endWaiting(tx, { id: runId, ownerId: caller.userId }, 'stopped', why)
    return tx.approval.updateManyAndReturn({ where, data: { status, decidedAt: new Date() } })
  })
}

/** The runs of a thread that have open questions. */
export async function listRunsWithPendingApprovals(caller: { userId: string }, threadId: string): Promise<string[]> {
  const rows = await statementAs<{ id: string }>(
    caller,
    Prisma.sql`
      SELECT DISTINCT run_id AS id FROM approvals
      WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND status = 'pending'`,
  )
  return rows.map(({ id }) => id)
}

/** A tool to which the person said yes in a thread, as it was then. */
export type Agreed = Pick<Approval, 'server' | 'tool' | 'toolHash' | 'remember'>

/** What the person agreed to in this thread. */
export function listApprovedForThread(caller: { userId: string }, threadId: string): Promise<Agreed[]> {
  return statementAs<Agreed>(
    caller,
    Prisma.sql`
      SELECT DISTINCT server, tool, tool_hash AS "toolHash", remember FROM approvals
      WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND status = 'approved' LIMIT 1000`,
  )
}

/** approved -> expired: the tools are not those any more to which the person agreed. */
export async function expireApprovedCalls(caller: { userId: string }, runId: string): Promise<void> {
  const where = { runId, ownerId: caller.userId, status: 'approved' }
  await withCaller(caller, (tx) => tx.approval.updateMany({ where, data: { status: 'expired', remember: false } }))
}

/** The runs that have questions which nobody answered for a day, 500 at most. States that nobody can go on with are forgotten. */
export function listRunsWithExpiredApprovals(): Promise<{ runId: string; ownerId: string }[]> {
  return withSystem('expiry', async (tx) => {
    const expiresAt = { lte: new Date() }
    await tx.pausedRun.deleteMany({ where: { expiresAt } })
    const where = { status: 'pending', expiresAt }
    return tx.approval.findMany({ where, distinct: ['runId'], select: { runId: true, ownerId: true }, take: SWEEP })
  })
}
