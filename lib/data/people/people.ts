import { recordAudit } from '#lib/data/audit.ts'
import { isAfter, toTimeCursor } from '#lib/data/keyset.ts'
import { changeAsAdmin } from '#lib/data/people/users.ts'
import { activePeople, type Span } from '#lib/data/runs/overview/span.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Role } from '#lib/generated/prisma/enums.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { escapeLike } from '#lib/platform/db/escape-like.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

/**
 * An account as admins see it. `lastActiveAt` is the last request with a session or a token (to
 * about five minutes), run or tool call. `calls` counts the tool calls of the last 7 days.
 */
export type PersonRow = {
  id: string
  name: string
  email: string
  role: Role
  createdAt: Date
  disabledAt: Date | null
  lastActiveAt: Date | null
  calls: number
}

/**
 * Lists accounts, newest first, 50 a page. `search` matches names and addresses. Only for callers
 * whose admin role was checked.
 */
export function listPeople({
  search,
  active,
  after,
  limit = 50,
}: {
  search?: string
  /** Only people who were active in this span. */
  active?: Span
  after?: string
  limit?: number
} = {}): Promise<Page<PersonRow>> {
  const pattern = search ? `%${escapeLike(search)}%` : null
  return withSystem('admin', async (tx) => {
    const rows = await tx.$queryRaw<PersonRow[]>`
      SELECT u.id, u.name, u.email, u.role, u.created_at AS "createdAt", u.disabled_at AS "disabledAt",
             greatest(u.last_active_at,
               (SELECT max(last_used_at) FROM personal_tokens WHERE owner_id = u.id), (SELECT max(last_used_at) FROM oauth_grants WHERE owner_id = u.id),
               (SELECT max(created_at) FROM runs WHERE owner_id = u.id), (SELECT max(started_at) FROM tool_calls WHERE owner_id = u.id)
             ) AS "lastActiveAt",
             (SELECT count(*)::int FROM tool_calls WHERE owner_id = u.id AND started_at >= now() - interval '7 days') AS calls
      FROM users u
      WHERE (${pattern}::text IS NULL OR u.name ILIKE ${pattern} OR u.email ILIKE ${pattern})
        AND ${active ? Prisma.sql`u.id IN ${activePeople(active)}` : Prisma.sql`TRUE`}
        AND ${isAfter(Prisma.sql`u.created_at`, Prisma.sql`u.id`, after)}
      ORDER BY u.created_at DESC, u.id DESC LIMIT ${limit + 1}`
    return toPage(rows, limit, ({ createdAt, id }) => toTimeCursor(createdAt, id))
  })
}

/** An account as lists of chosen people show it. */
export type NamedPerson = { id: string; name: string; email: string }

/**
 * The accounts with these ids or addresses, by address, 500 at most. Only for callers whose admin
 * role was checked.
 */
export function listNamedPeople(which: { ids: string[] } | { emails: string[] }): Promise<NamedPerson[]> {
  const where = 'ids' in which ? { id: { in: which.ids } } : { email: { in: which.emails } }
  const select = { id: true, name: true, email: true } as const
  return withSystem('admin', (tx) => tx.user.findMany({ where, select, orderBy: { email: 'asc' }, take: 500 }))
}

/**
 * Makes an account an admin or a member. Its sessions end, because they began under the old role.
 * Its runs continue with the new role, which is checked at each of their calls. Throws forbidden,
 * conflict, not_found.
 */
export async function setRole(admin: Caller, userId: string, role: Role): Promise<void> {
  await changeAsAdmin(admin, userId, { role, sessionVersion: { increment: 1 } })
  await recordAudit({ action: 'role_changed', actorId: admin.userId, subject: userId, detail: { role } })
}

/**
 * Disables an account at once on every replica, or enables it again. Its data stays. Throws
 * forbidden, conflict, not_found.
 */
export async function setDisabled(admin: Caller, userId: string, disabled: boolean): Promise<void> {
  await changeAsAdmin(
    admin,
    userId,
    { disabledAt: disabled ? new Date() : null },
    disabled ? 'account_disabled' : undefined,
  )
  await recordAudit({
    action: disabled ? 'account_disabled' : 'account_enabled',
    actorId: admin.userId,
    subject: userId,
  })
}

/**
 * Ends every session and run of an account; the person may sign in again. Throws forbidden,
 * conflict, not_found.
 */
export async function endSessionsOf(admin: Caller, userId: string): Promise<void> {
  await changeAsAdmin(admin, userId, {}, 'signed_out_by_admin')
  await recordAudit({ action: 'signed_out_by_admin', actorId: admin.userId, subject: userId })
}
