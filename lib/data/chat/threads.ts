import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'

/** Who reads: the owner their own threads, or an admin page everybody's. */
export type ThreadScope = { caller: Caller } | { admin: true }

/** What lists show of a thread that their rows belong to. */
export type ThreadName = { id: string; ownerId: string; title: string | null; createdAt: Date }

const NAME = { id: true, ownerId: true, title: true, createdAt: true } as const

/**
 * The thread's name. Null if it does not exist or, in an owner's scope, belongs to another person.
 */
export async function findThreadName(scope: ThreadScope, id: string): Promise<ThreadName | null> {
  return (await threadNames(scope, [id])).get(id) ?? null
}

/** The names of these threads by id. Threads outside the scope are left out. */
export async function threadNames(scope: ThreadScope, ids: string[]): Promise<Map<string, ThreadName>> {
  const where = { id: { in: [...new Set(ids)] } }
  const rows =
    'admin' in scope
      ? await withSystem('admin', (tx) => tx.thread.findMany({ where, select: NAME }))
      : await withCaller(scope.caller, (tx) =>
          tx.thread.findMany({ where: { ...where, ownerId: scope.caller.userId }, select: NAME }),
        )
  return new Map(rows.map((row) => [row.id, row]))
}
