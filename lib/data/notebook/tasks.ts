import { z } from 'zod'
import { badCursor, readCursor, toCursor } from '#lib/data/keyset.ts'
import { joinSources } from '#lib/data/notebook/content-sources.ts'
import { fillSearchIndex } from '#lib/data/search/search-index.ts'
import { toSearchQuery } from '#lib/data/search/search-query.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { escapeLike } from '#lib/platform/db/escape-like.ts'
import { AppError } from '#lib/platform/errors.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

const TASKS_MAX = 10_000

const ROW = {
  ...{ number: true, title: true, due: true, sources: true, completedAt: true, createdAt: true },
} satisfies Prisma.TaskSelect

/**
 * A person's task, identified by `number`. `due` is in the person's local time: "2026-11-27" or
 * "2026-11-27T15:00".
 */
export type Task = Prisma.TaskGetPayload<{ select: typeof ROW }>

export type TaskFilter = {
  status: 'open' | 'done' | 'all'
  /**
   * The first and last due day, both inclusive: "2026-11-27". With either, tasks without a due date
   * are left out.
   */
  dueFrom?: string
  dueTo?: string
  /** Part of the title, ignoring case, or words that all occur in it, ignoring accents. */
  text?: string
  /** The one task with this number, whatever its status. */
  number?: number
  /** The cursor of the previous page. */
  after?: string
  limit: number
}

/**
 * Lists tasks by due date (those without one last); done tasks by completion time, newest first.
 * Throws bad_request for an invalid cursor.
 */
export async function listTasks(
  caller: Caller,
  { status, dueFrom, dueTo, text, number, after, limit }: TaskFilter,
): Promise<Page<Task>> {
  const order = status === 'done' ? byCompletion : byDue
  const where: Prisma.TaskWhereInput[] = [{ ownerId: caller.userId }]
  if (number !== undefined) where.push({ number })
  else if (status !== 'all') where.push({ completedAt: status === 'done' ? { not: null } : null })
  if (dueFrom) where.push({ due: { gte: dueFrom } })
  // "T24" sorts after every time of that day.
  if (dueTo) where.push({ due: { lte: `${dueTo}T24` } })
  if (text) where.push({ OR: [contains(text), { number: { in: await numbersWith(caller, text) } }] })
  if (after) where.push(order.after(requireCursor(after)))
  return withCaller(caller, async (tx) => {
    const rows = await tx.task.findMany({ where: { AND: where }, orderBy: order.by, take: limit + 1, select: ROW })
    return toPage(rows, limit, (row) => toCursor(order.key(row), row.number))
  })
}

function contains(text: string): Prisma.TaskWhereInput {
  return { title: { contains: escapeLike(text), mode: 'insensitive' } }
}

/** The numbers of tasks whose titles contain words with these prefixes. */
async function numbersWith(caller: Caller, text: string): Promise<number[]> {
  const { tsquery } = toSearchQuery(text, { prefix: true })
  if (tsquery === null) return []
  await fillSearchIndex(caller, 'tasks')
  const rows = await runStatementAs<{ number: number }>(
    caller,
    Prisma.sql`SELECT number FROM tasks WHERE owner_id = ${caller.userId} AND words @@ ${tsquery}::tsquery LIMIT ${TASKS_MAX}`,
  )
  return rows.map(({ number }) => number)
}

type Cursor = { key: string | null; number: number }
type Order = {
  by: Prisma.TaskOrderByWithRelationInput[]
  key: (row: Task) => string | null
  after: (cursor: Cursor) => Prisma.TaskWhereInput
}

const byDue: Order = {
  by: [{ due: { sort: 'asc', nulls: 'last' } }, { number: 'asc' }],
  key: (row) => row.due,
  after: ({ key, number }) =>
    key === null
      ? { due: null, number: { gt: number } }
      : { OR: [{ due: { gt: key } }, { due: key, number: { gt: number } }, { due: null }] },
}

const byCompletion: Order = {
  by: [{ completedAt: 'desc' }, { number: 'desc' }],
  key: (row) => row.completedAt?.toISOString() ?? null,
  after: ({ key, number }) => ({
    OR: [{ completedAt: { lt: toDate(key) } }, { completedAt: toDate(key), number: { lt: number } }],
  }),
}

const DueAndNumber = z.tuple([z.string().max(32).nullable(), z.int32()])

function requireCursor(text: string): Cursor {
  const keys = readCursor(DueAndNumber, text)
  if (!keys) throw badCursor()
  const [key, number] = keys
  return { key, number }
}

function toDate(key: string | null): Date {
  const date = new Date(key ?? Number.NaN)
  if (Number.isNaN(date.getTime())) throw badCursor()
  return date
}

/**
 * Adds a task under the person's next number, which is never reused. Throws conflict at 10,000
 * tasks.
 */
export function addTask(
  caller: Caller,
  task: { title: string; due: string | null; sources?: string[] },
): Promise<Task> {
  return withCaller(caller, async (tx) => {
    // The update locks the person's row until the end, so that two calls neither share a number nor
    // exceed the limit together.
    const number = await claimTaskNumber(tx, caller.userId)
    if ((await tx.task.count({ where: { ownerId: caller.userId } })) >= TASKS_MAX)
      throw new AppError(
        'conflict',
        `You have ${TASKS_MAX} tasks, which is the most one person can keep. Delete some that are done.`,
      )
    return tx.task.create({ data: { ownerId: caller.userId, number, ...task }, select: ROW })
  })
}

async function claimTaskNumber(tx: Tx, userId: string): Promise<number> {
  const { nextTaskNumber } = await tx.user.update({
    where: { id: userId },
    data: { nextTaskNumber: { increment: 1 } },
    select: { nextTaskNumber: true },
  })
  return nextTaskNumber - 1
}

/**
 * Changes the given fields, and adds to the sources. `due: null` removes the due date; `done: false` reopens the task. Null
 * if there is no such task.
 */
export function updateTask(
  caller: Caller,
  number: number,
  { title, due, done, sources = [] }: { title?: string; due?: string | null; done?: boolean; sources?: string[] },
): Promise<Task | null> {
  return withCaller(caller, async (tx) => {
    const own = { ownerId: caller.userId, number }
    // Completing a task again keeps the first completion time.
    if (done) await tx.task.updateMany({ where: { ...own, completedAt: null }, data: { completedAt: new Date() } })
    const known = sources.length > 0 ? await tx.task.findFirst({ where: own, select: { sources: true } }) : null
    const rows = await tx.task.updateManyAndReturn({
      where: own,
      data: {
        ...{ title, due },
        ...(done === false && { completedAt: null }),
        ...(known && { sources: joinSources(known.sources, sources) }),
      },
      select: ROW,
    })
    return rows[0] ?? null
  })
}

/** Deletes a task and returns it; null if there is no such task. */
export function deleteTask(caller: Caller, number: number): Promise<Task | null> {
  return withCaller(caller, async (tx) => {
    const own = { ownerId: caller.userId, number }
    const task = await tx.task.findFirst({ where: own, select: ROW })
    const { count } = await tx.task.deleteMany({ where: own })
    return count === 0 ? null : task
  })
}
