import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'

/** Who looks: the owner at their own threads, or an admin page at everybody's. */
export type ThreadScope = { caller: Caller } | { admin: true }

/** What lists show of a thread beside their own rows. */
export type ThreadName = { id: string; ownerId: string; title: string | null; createdAt: Date }

const NAME = { id: true, ownerId: true, title: true, createdAt: true } as const

/** The thread's name, or null where there is none or, for its owner's scope, it is another person's. */
export async function findThreadName(scope: ThreadScope, id: string): Promise<ThreadName | null> {
  return (await threadNames(scope, [id])).get(id) ?? null
}

/** The names of these threads by id; what the scope may not see is left out. */
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
