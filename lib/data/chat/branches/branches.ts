import { HIDDEN_TYPES } from '#lib/chatkit/protocol/items.ts'
import type { Branches, PlaceOnPath } from '#lib/chatkit/protocol/store.ts'
import type { Fork } from '#lib/chatkit/protocol/thread.ts'
import { deleteFilesOfTurn, deleteTurnRows } from '#lib/data/chat/branches/delete-turn.ts'
import { makeHoldStatement } from '#lib/data/chat/waiting/waiting-messages.ts'
import { lockPerson } from '#lib/data/person-lock.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

const ON_ANOTHER_PATH = 'This message was written for another version of the conversation.'
/** How many ways of one thread are kept beside the one that is shown. */
const BRANCHES_MAX = 500

/** A thread and its owner. */
type Home = { ownerId: string; threadId: string }

const COLUMNS = Prisma.sql`thread_id, id, owner_id, seq, type, data, created_at`
const SHOWN = Prisma.sql`type <> ALL(${[...HIDDEN_TYPES]}::text[])`

/**
 * The ways on that a person has left. `thread_items` has the path that is shown and nothing else;
 * what was left is in `branch_items`, under the id of its branch, and hangs at the item that it
 * followed. So the branches are a tree, and whoever reads a thread reads one path.
 */
export function createBranches(caller: { userId: string }): Branches {
  const homeOf = (threadId: string): Home => ({ ownerId: caller.userId, threadId })
  return {
    list: (threadId) => listForks(caller, threadId),
    requireRoom: async (threadId) => {
      const [found] = await runStatementAs<{ count: number }>(
        caller,
        Prisma.sql`SELECT count(*)::integer AS count FROM branches WHERE ${ownOf(homeOf(threadId))}`,
      )
      if ((found?.count ?? 0) >= BRANCHES_MAX)
        throw new AppError('conflict', 'This conversation has too many versions. Delete one, or start a new chat.')
    },
    setAside: async (threadId, place) => {
      const statements = makeSetAsideStatements(homeOf(threadId), place, newId('brn'))
      await retryIdempotent(() => runStatementAs(caller, ...statements))
    },
    choose: (threadId, branchId) => withIdleThread(caller, threadId, (tx) => choose(tx, homeOf(threadId), branchId)),
    deleteTurn: async (threadId, messageId) => {
      const home = homeOf(threadId)
      const gone = await withIdleThread(caller, threadId, async (tx) => {
        const { items, afterId } = await deleteTurnRows(tx, home, messageId)
        await showNewest(tx, home, afterId)
        return items
      })
      await deleteFilesOfTurn(caller, threadId, gone)
    },
  }
}

function ownOf({ ownerId, threadId }: Home): Prisma.Sql {
  return Prisma.sql`thread_id = ${threadId} AND owner_id = ${ownerId}`
}

/**
 * The statements that take what stands behind an item, or from an item on, off the path and keep it
 * as a branch. If there is nothing that clients see, it is not kept. Nothing happens unless `when`
 * holds and the item is on the path.
 */
export function makeSetAsideStatements(
  home: Home,
  place: PlaceOnPath,
  branchId: string,
  when = Prisma.sql`true`,
): Prisma.Sql[] {
  const own = ownOf(home)
  const seqOf = (id: string) => Prisma.sql`(SELECT seq FROM thread_items WHERE ${own} AND id = ${id})`
  const isLeft = 'after' in place ? Prisma.sql`seq > ${seqOf(place.after)}` : Prisma.sql`seq >= ${seqOf(place.from)}`
  const afterId =
    'after' in place
      ? Prisma.sql`${place.after}`
      : Prisma.sql`(SELECT id FROM thread_items WHERE ${own} AND seq < ${seqOf(place.from)} ORDER BY seq DESC LIMIT 1)`
  return [
    Prisma.sql`
      INSERT INTO branches (id, owner_id, thread_id, after_id, seq)
      SELECT ${branchId}, ${home.ownerId}, ${home.threadId}, ${afterId}, first.seq
      FROM (SELECT min(seq) AS seq FROM thread_items WHERE ${own} AND ${isLeft} AND ${SHOWN}) AS first
      WHERE first.seq IS NOT NULL AND ${when}`,
    Prisma.sql`
      WITH gone AS (DELETE FROM thread_items WHERE ${own} AND ${isLeft} AND ${when} RETURNING ${COLUMNS})
      INSERT INTO branch_items (branch_id, ${COLUMNS})
      SELECT ${branchId}, ${COLUMNS} FROM gone
      WHERE EXISTS (SELECT FROM branches WHERE id = ${branchId} AND owner_id = ${home.ownerId})`,
  ]
}

/**
 * Runs `work` while nothing else changes the thread. Throws not_found, and conflict while an answer
 * is written or waits for its person.
 */
function withIdleThread<T>(caller: { userId: string }, threadId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { userId: ownerId } = caller
  return withCaller(caller, async (tx) => {
    await tx.$executeRaw(lockPerson(ownerId))
    if (!(await tx.thread.findFirst({ where: { id: threadId, ownerId }, select: { id: true } })))
      throw notFound('The conversation')
    const run = await tx.run.findFirst({
      where: { threadId, ownerId, status: { in: ['queued', 'running', 'waiting'] } },
      select: { status: true },
    })
    if (run)
      throw new AppError(
        'conflict',
        run.status === 'waiting'
          ? 'An answer in this conversation waits for you or for a tool. Answer or stop it first.'
          : 'The assistant is still answering in this conversation. Wait for it, or stop it first.',
      )
    return work(tx)
  })
}

async function choose(tx: Tx, home: Home, branchId: string): Promise<void> {
  const own = ownOf(home)
  const [branch] = await tx.$queryRaw<{ afterId: string | null }[]>`
    SELECT after_id AS "afterId" FROM branches WHERE ${own} AND id = ${branchId}
      AND (after_id IS NULL OR EXISTS (SELECT FROM thread_items WHERE ${own} AND thread_items.id = after_id))`
  if (!branch) throw notFound('This version')
  const place = branch.afterId === null ? await findFirst(tx, own) : { after: branch.afterId }
  if (place) for (const statement of makeSetAsideStatements(home, place, newId('brn'))) await tx.$executeRaw(statement)
  await tx.$executeRaw`
    WITH back AS (DELETE FROM branch_items WHERE ${own} AND branch_id = ${branchId} RETURNING ${COLUMNS})
    INSERT INTO thread_items (${COLUMNS}) SELECT ${COLUMNS} FROM back`
  await tx.$executeRaw`DELETE FROM branches WHERE ${own} AND id = ${branchId}`
  await tx.$executeRaw(makeHoldStatement(home, ON_ANOTHER_PATH))
  await tx.$executeRaw`UPDATE threads SET updated_at = now() WHERE id = ${home.threadId} AND owner_id = ${home.ownerId}`
}

/** If the path ends at an item, shows the newest branch that begins there. */
async function showNewest(tx: Tx, home: Home, afterId: string | null): Promise<void> {
  const own = ownOf(home)
  const [newest] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM branches WHERE ${own} AND after_id IS NOT DISTINCT FROM ${afterId}::text AND NOT EXISTS (
      SELECT FROM thread_items WHERE ${own} AND ${SHOWN}
        AND seq > coalesce((SELECT seq FROM thread_items WHERE ${own} AND id = ${afterId}::text), 0))
    ORDER BY seq DESC LIMIT 1`
  if (newest) await choose(tx, home, newest.id)
}

async function findFirst(tx: Tx, own: Prisma.Sql): Promise<PlaceOnPath | undefined> {
  const [first] = await tx.$queryRaw<{ id: string }[]>`SELECT id FROM thread_items WHERE ${own} ORDER BY seq LIMIT 1`
  return first && { from: first.id }
}

type ForkRow = { id: string; afterId: string | null; seq: string; nowSeq: string | null; itemId: string | null }

/** The places of the path from which more than one way goes on. */
async function listForks(caller: { userId: string }, threadId: string): Promise<Fork[]> {
  const own = ownOf({ ownerId: caller.userId, threadId })
  const behind = Prisma.sql`FROM thread_items WHERE ${own} AND ${SHOWN} AND seq > coalesce(place.seq, 0) ORDER BY seq LIMIT 1`
  const rows = await runStatementAs<ForkRow>(
    caller,
    Prisma.sql`
      SELECT branches.id, after_id AS "afterId", branches.seq, now.seq AS "nowSeq", now.id AS "itemId"
      FROM branches
      LEFT JOIN LATERAL (SELECT seq FROM thread_items WHERE ${own} AND thread_items.id = after_id) AS place ON true
      LEFT JOIN LATERAL (SELECT seq, id ${behind}) AS now ON true
      WHERE branches.thread_id = ${threadId} AND branches.owner_id = ${caller.userId}
        AND (after_id IS NULL OR place.seq IS NOT NULL)
      ORDER BY coalesce(place.seq, 0), branches.seq`,
  )
  return [...Map.groupBy(rows, ({ afterId }) => afterId).values()].map(toFork)
}

function toFork(rows: ForkRow[]): Fork {
  const { afterId, nowSeq, itemId } = rows[0] as ForkRow
  const older = nowSeq === null ? rows : rows.filter(({ seq }) => BigInt(seq) < BigInt(nowSeq))
  const branches: Fork['branches'] = rows.map(({ id }) => id)
  branches.splice(older.length, 0, null)
  return {
    ...(itemId !== null && { item_id: itemId }),
    ...(afterId !== null && { after_id: afterId }),
    branches,
  }
}
