import type { Standing } from '#lib/data/people/users.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'

/**
 * Records that the person signed out of a session. The record is kept until all its cookies have
 * expired (`seconds` from now).
 */
export async function endSession(caller: { userId: string }, sessionId: string, seconds: number): Promise<void> {
  const ownerId = caller.userId
  await withCaller(caller, async (tx) => {
    await tx.endedSession.deleteMany({ where: { ownerId, expiresAt: { lt: new Date() } } })
    const ended = { id: sessionId, ownerId, expiresAt: new Date(Date.now() + seconds * 1000) }
    await tx.endedSession.createMany({ data: ended, skipDuplicates: true })
  })
}

type SessionStanding = Standing & { lastActiveAt: Date | null; language: string | null }

/**
 * The role, session version, last activity and chosen language of a usable account. Null if the account is disabled
 * or gone, or the session was signed out. Runs at every request, in one statement.
 */
export async function findSessionStanding(userId: string, sessionId: string): Promise<SessionStanding | null> {
  const [standing] = await runStatementAs<SessionStanding>(
    { userId },
    Prisma.sql`SELECT role, session_version AS "sessionVersion", last_active_at AS "lastActiveAt", language FROM users WHERE id = ${userId} AND disabled_at IS NULL
      AND NOT EXISTS (SELECT FROM ended_sessions WHERE id = ${sessionId} AND owner_id = ${userId})`,
  )
  return standing ?? null
}
