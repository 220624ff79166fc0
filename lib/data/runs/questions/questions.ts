import { APPROVAL_MS, APPROVALS_CHANNEL, claimParkedRun } from '#lib/data/runs/approvals/approvals.ts'
import { moveToolCalls } from '#lib/data/runs/ledger.ts'
import { endWaiting, STALE_MS } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { QuestionModel } from '#lib/generated/prisma/models.ts'
import { runStatementAs, type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { AppError } from '#lib/platform/errors.ts'

/** How long (ms) a question of a parked run can be answered. */
export const QUESTION_MS = APPROVAL_MS
/** The channel on which processes tell each other that a question was answered. Its payload is the id. */
export const ANSWERS_CHANNEL = 'switchboard_answers'
const SWEEP = 500

/** How a person answered: submitted, declined, or cancelled without a choice. */
export type AnswerKind = 'accepted' | 'declined' | 'cancelled'
export type Question = Omit<QuestionModel, 'status'> & { status: 'pending' | 'expired' | AnswerKind }

/**
 * An answer as it is stored: `kept` is what may be kept of it, `sealed` the whole until it is sent.
 */
export type StoredAnswer = { status: AnswerKind; kept: unknown; sealed: string }

/** A new question of a server to the person, during a call. */
export type NewQuestion = Pick<
  Question,
  'id' | 'toolCallId' | 'callId' | 'server' | 'tool' | 'itemId' | 'onlyReads' | 'expiresAt'
> & { asked: object; keptId?: string }

type AskingRun = { id: string; ownerId: string; threadId: string }
type Owner = { userId: string }

/**
 * Stores a question for which this process holds a call open. Throws conflict if the run ended
 * meanwhile.
 */
export async function storeHeldQuestion(run: AskingRun, question: NewQuestion): Promise<void> {
  await storeQuestions(run, [question], true)
}

/**
 * Stores the sealed calls of a parked run and their questions in one transaction. From then on any
 * process can continue them, for a day. Throws conflict if the run ended meanwhile.
 */
export async function storeParkedCalls(run: AskingRun, sealed: string, questions: NewQuestion[]): Promise<void> {
  await storeQuestions(run, questions, false, sealed)
}

async function storeQuestions(
  { id: runId, ownerId, threadId }: AskingRun,
  questions: NewQuestion[],
  isHeld: boolean,
  sealed?: string,
): Promise<void> {
  const data = questions.map((question) => ({ ...question, runId, ownerId, threadId, isHeld }))
  await retryIdempotent(() =>
    withCaller({ userId: ownerId }, async (tx) => {
      // Held until the questions are stored, so that a transaction that ends the run also ends
      // them.
      const [open] = await tx.$queryRaw<unknown[]>`
        SELECT 1 AS open FROM runs WHERE id = ${runId} AND owner_id = ${ownerId} AND status IN ('queued', 'running') FOR SHARE`
      if (!open) throw new AppError('conflict', 'This answer was stopped.')
      if (sealed !== undefined) {
        const parked = { runId, ownerId, threadId, sealed, expiresAt: new Date(Date.now() + QUESTION_MS) }
        await tx.parkedRun.createMany({ data: parked, skipDuplicates: true })
      }
      await tx.question.createMany({ data, skipDuplicates: true })
    }),
  )
}

/** The caller's question in this thread, or null. */
export async function findQuestion(caller: Owner, threadId: string, id: string): Promise<Question | null> {
  const where = { id, threadId, ownerId: caller.userId }
  const row = await withCaller(caller, (tx) => tx.question.findFirst({ where }))
  return row && toQuestion(row)
}

/**
 * Answers a question for which a process holds a call open, once. False if it was answered before,
 * or nobody waits for the answer any more. The commit notifies the process.
 */
export function answerHeldQuestion(caller: Owner, id: string, answer: StoredAnswer): Promise<boolean> {
  return withCaller(caller, async (tx) => {
    const [answered] = await tx.$queryRaw<unknown[]>`
      UPDATE questions SET status = ${answer.status}, answer = ${toJson(answer.kept)}::jsonb,
        sealed_answer = ${answer.sealed}, answered_at = now()
      WHERE id = ${id} AND owner_id = ${caller.userId} AND is_held AND ${IS_AWAITED} RETURNING id`
    if (answered) await tx.$executeRaw`SELECT pg_notify(${ANSWERS_CHANNEL}, ${id})`
    return answered !== undefined
  })
}

/** Holds for a question that is pending, and whose process is alive if it holds a call open. */
const IS_AWAITED = Prisma.sql`questions.status = 'pending' AND questions.expires_at > now() AND (NOT questions.is_held OR EXISTS (
  SELECT FROM runs WHERE runs.id = questions.run_id AND runs.status IN ('queued', 'running')
    AND coalesce(runs.heartbeat_at, runs.created_at) > now() - ${STALE_MS}::integer * interval '1 millisecond'))`

/**
 * Takes the sealed answers of these questions, of which a process waits for the answer. Questions
 * that are still pending are left out.
 */
export async function takeHeldAnswers(
  caller: Owner,
  ids: string[],
): Promise<{ id: string; status: Question['status']; sealedAnswer: string | null }[]> {
  const rows = await withCaller(caller, async (tx) => {
    const where = { id: { in: ids }, ownerId: caller.userId, isHeld: true, status: { not: 'pending' } }
    const found = await tx.question.findMany({ where })
    // Only those that were read: another may be answered between the two statements.
    const taken = { id: { in: found.map(({ id }) => id) }, ownerId: caller.userId }
    if (found.length > 0) await tx.question.updateMany({ where: taken, data: { sealedAnswer: null } })
    return found
  })
  return rows.map(toQuestion)
}

/**
 * Ends held questions without a person's answer: as expired, or as accepted because the server said
 * that they are settled. Those that were answered stay so.
 */
export async function endHeldQuestions(caller: Owner, ids: string[], status: 'expired' | 'accepted'): Promise<void> {
  const where = { id: { in: ids }, ownerId: caller.userId, status: 'pending' }
  await withCaller(caller, (tx) => tx.question.updateMany({ where, data: { status, answeredAt: new Date() } }))
}

/**
 * The result of an answer to a parked run. `won` is true if it counts. `questions` are all questions
 * of its run. `sealed` are the run's calls for the process that continues them, else null, and
 * `moved` the ids of the ledger's rows that are still pending, which now belong to `resumedBy`.
 */
export type AnsweredParked = { won: boolean; questions: Question[]; sealed: string | null; moved: string[] }

/**
 * Answers a question of a parked run, once. The last answer also ends the run's wait, takes its
 * calls and gives them to the run `resumedBy`, in one transaction: if that run dies, the calls are
 * found abandoned.
 */
export function answerParkedQuestion(
  caller: Owner,
  { id, runId }: Pick<Question, 'id' | 'runId'>,
  { status, kept, sealed: sealedAnswer }: StoredAnswer,
  resumedBy: string,
): Promise<AnsweredParked> {
  const ownerId = caller.userId
  return withCaller(caller, async (tx) => {
    // Serializes two answers to one run, so that one of them is the last.
    await tx.$queryRaw`SELECT 1 AS held FROM runs WHERE id = ${runId} AND owner_id = ${ownerId} FOR UPDATE`
    const now = new Date()
    const { count } = await tx.question.updateMany({
      where: { id, ownerId, status: 'pending', expiresAt: { gt: now } },
      data: { status, answer: kept === undefined ? Prisma.DbNull : (kept as object), sealedAnswer, answeredAt: now },
    })
    const rows = await tx.question.findMany({
      where: { runId, ownerId, isHeld: false },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    })
    const questions = rows.map(toQuestion)
    const isAnswered = questions.every((one) => one.status !== 'pending' && one.status !== 'expired')
    const sealed = count > 0 && isAnswered ? await claimParkedRun(tx, { id: runId, ownerId }, now) : null
    const calls = questions.map(({ toolCallId }) => toolCallId)
    const moved = sealed === null ? [] : await moveToolCalls(tx, { ids: calls, ownerId }, resumedBy)
    if (sealed !== null) await tx.question.updateMany({ where: { runId, ownerId }, data: { sealedAnswer: null } })
    return { won: count > 0, questions, sealed, moved }
  })
}

/**
 * Ends the pending questions of a parked run, the run's wait, and deletes its state. Resolves to the
 * questions of the run that were ended or whose answers are not sent. `why` is kept in the run's row.
 */
export function closeParkedQuestions(
  caller: Owner,
  runId: string,
  ending: 'cancelled' | 'expired',
  why: string,
): Promise<Question[]> {
  return withCaller(caller, async (tx) => {
    const own = { runId, ownerId: caller.userId, isHeld: false }
    await tx.$queryRaw`SELECT 1 AS held FROM runs WHERE id = ${runId} AND owner_id = ${caller.userId} FOR UPDATE`
    const where = { ...own, status: 'pending' }
    const data = { status: ending, answeredAt: new Date() }
    const ended = await tx.question.updateMany({ where, data })
    if (ended.count === 0) return []
    await tx.parkedRun.deleteMany({ where: { runId, ownerId: caller.userId } })
    await endWaiting(tx, { id: runId, ownerId: caller.userId }, 'stopped', why)
    await tx.question.updateMany({ where: own, data: { sealedAnswer: null } })
    return (await tx.question.findMany({ where: own })).map(toQuestion)
  })
}

/** Expires every pending question of a person at once, within `tx`, as `expirePendingApprovals` does. */
export async function expirePendingQuestions(tx: Tx, ownerId: string): Promise<void> {
  const where = { ownerId, status: 'pending' }
  const { count } = await tx.question.updateMany({ where, data: { expiresAt: new Date() } })
  if (count > 0) await tx.$executeRaw`SELECT pg_notify(${APPROVALS_CHANNEL}, '')`
}

/** The parked runs of a thread that have pending questions. */
export async function listRunsWithPendingQuestions(caller: Owner, threadId: string): Promise<string[]> {
  const rows = await runStatementAs<{ id: string }>(
    caller,
    Prisma.sql`
      SELECT DISTINCT run_id AS id FROM questions
      WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND status = 'pending' AND NOT is_held`,
  )
  return rows.map(({ id }) => id)
}

/** The parked runs whose questions expired without an answer, oldest first, without those of `except`; 500 at most. */
export function listRunsWithExpiredQuestions(except: string[] = []): Promise<{ runId: string; ownerId: string }[]> {
  return withSystem('expiry', (tx) => {
    return tx.$queryRaw<{ runId: string; ownerId: string }[]>`
      SELECT run_id AS "runId", owner_id AS "ownerId" FROM questions
      WHERE status = 'pending' AND NOT is_held AND expires_at <= ${new Date()} AND NOT run_id = ANY(${except})
      GROUP BY run_id, owner_id ORDER BY min(expires_at), run_id LIMIT ${SWEEP}::integer`
  })
}

/** How a question stands. `lost`: its process died, so nobody waits for its answer any more. */
export type QuestionState = { itemId: string; status: Question['status']; lost: boolean }

/** The states of the questions on these cards of a thread. */
export async function listQuestionStates(caller: Owner, threadId: string, itemIds: string[]): Promise<QuestionState[]> {
  const rows = await runStatementAs<Omit<QuestionState, 'status'> & { status: string }>(
    caller,
    Prisma.sql`
      SELECT item_id AS "itemId", status, (status = 'pending' AND NOT (${IS_AWAITED}))
        OR (status = 'expired' AND is_held AND EXISTS (
          SELECT FROM runs WHERE runs.id = questions.run_id AND runs.status = 'interrupted')) AS lost
      FROM questions WHERE owner_id = ${caller.userId} AND thread_id = ${threadId} AND item_id = ANY(${itemIds})`,
  )
  return rows.map((row) => ({ ...row, status: row.status as Question['status'] }))
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

function toQuestion(row: QuestionModel): Question {
  return { ...row, status: row.status as Question['status'] }
}
