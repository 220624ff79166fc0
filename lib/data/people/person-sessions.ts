import { ACCESS_CHANNEL } from '#lib/data/people/end-access.ts'
import type { Standing } from '#lib/data/people/users.ts'
import { lockPerson } from '#lib/data/person-lock.ts'
import { stopRunsOfSession } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { notFound } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

/** How often (ms) the use of a session is recorded. */
const NOTED_EVERY_MS = 5 * 60_000
/** How many sessions of a person are kept and listed, those used last first. */
const KEPT = 100

/** What is recorded of a session. `version` is the session version of its cookie. */
type UsedSession = {
  id: string
  ownerId: string
  version: number
  browser: string | null
  system: string | null
  signedInAt: Date
  expiresAt: Date
}

type SessionStanding = Standing & { notedAt: Date | null; language: string | null }

/**
 * The role, session version, chosen language and last recorded use of a usable account's session. Null if the
 * account is disabled or gone, or the session was ended. Runs at every request, in one statement.
 */
export async function findSessionStanding(userId: string, sessionId: string): Promise<SessionStanding | null> {
  const [standing] = await runStatementAs<SessionStanding>(
    { userId },
    Prisma.sql`
      SELECT person.role, person.session_version AS "sessionVersion", person.language, own.last_used_at AS "notedAt"
      FROM users AS person LEFT JOIN sessions AS own
        ON own.owner_id = person.id AND own.id = ${sessionId} AND own.version = person.session_version
      WHERE person.id = ${userId} AND person.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM ended_sessions WHERE id = ${sessionId} AND owner_id = ${userId})`,
  )
  return standing ?? null
}

/**
 * Records that a session and its person are active, unless that was recorded less than five minutes
 * ago (`notedAt`). Removes what is recorded of sessions that are over. Never throws.
 */
export async function noteSessionUse(session: UsedSession, notedAt: Date | null): Promise<void> {
  if (Date.now() - (notedAt?.getTime() ?? 0) < NOTED_EVERY_MS) return
  const { id, ownerId, version, browser, system, signedInAt, expiresAt } = session
  try {
    await runStatementAs(
      { userId: ownerId },
      Prisma.sql`
        DELETE FROM sessions WHERE owner_id = ${ownerId} AND id <> ${id} AND (version < ${version} OR expires_at < now() OR id IN (
          SELECT id FROM sessions WHERE owner_id = ${ownerId} ORDER BY last_used_at DESC OFFSET ${KEPT - 1}::integer))`,
      Prisma.sql`
        WITH active AS (
          UPDATE users SET last_active_at = now() WHERE id = ${ownerId} AND session_version = ${version} RETURNING id
        ) INSERT INTO sessions (owner_id, id, version, browser, system, signed_in_at, expires_at)
        SELECT id, ${id}, ${version}, ${browser}, ${system}, ${signedInAt}, ${expiresAt} FROM active
        ON CONFLICT (owner_id, id) DO UPDATE SET (version, browser, system, last_used_at, expires_at) =
          (excluded.version, excluded.browser, excluded.system, now(), greatest(sessions.expires_at, excluded.expires_at))`,
    )
  } catch (error) {
    // The person's actual request matters more.
    log.warn({ error }, 'use of a session not noted')
  }
}

/** The sessions of `userId` that are not over. */
const openSessions = (userId: string) => Prisma.sql`
  FROM sessions JOIN users AS person ON person.id = sessions.owner_id AND person.session_version = sessions.version
  WHERE sessions.owner_id = ${userId} AND person.disabled_at IS NULL AND sessions.expires_at > now()
    AND NOT EXISTS (SELECT FROM ended_sessions WHERE ended_sessions.id = sessions.id AND ended_sessions.owner_id = ${userId})`

export type OwnSession = Pick<UsedSession, 'id' | 'browser' | 'system' | 'signedInAt'> & { lastUsedAt: Date }

/** Lists the caller's sessions, those used last first, 100 at most. */
export function listSessions(caller: { userId: string }): Promise<OwnSession[]> {
  return runStatementAs<OwnSession>(
    caller,
    Prisma.sql`
      SELECT sessions.id, browser, system, signed_in_at AS "signedInAt", last_used_at AS "lastUsedAt"
      ${openSessions(caller.userId)} ORDER BY last_used_at DESC, sessions.id LIMIT ${KEPT}`,
  )
}

/** True if the session is not over. */
export async function isSessionOpen(userId: string, sessionId: string): Promise<boolean> {
  const found = await runStatementAs(
    { userId },
    Prisma.sql`SELECT 1 ${openSessions(userId)} AND sessions.id = ${sessionId}`,
  )
  return found.length > 0
}

/**
 * Ends a session of which its person signs out, on every replica, for every copy of its cookie. Its streams close;
 * its answers go on. The record is kept until all its cookies have expired (`seconds` from now).
 */
export async function endSession(caller: { userId: string }, sessionId: string, seconds: number): Promise<void> {
  await withCaller(caller, (tx) => markEnded(tx, caller.userId, sessionId, seconds))
}

/**
 * Ends a session that the person no longer trusts: as `endSession`, and the answers that were begun with it stop,
 * with the tokens that were made for them. Throws not_found if the caller has no such session.
 */
export async function endListedSession(caller: { userId: string }, sessionId: string, seconds: number): Promise<void> {
  await withCaller(caller, async (tx) => {
    // A turn that begins at the same moment either sees the end, or is seen and stopped.
    await tx.$executeRaw(lockPerson(caller.userId))
    const open = await tx.$queryRaw<unknown[]>`SELECT 1 ${openSessions(caller.userId)} AND sessions.id = ${sessionId}`
    if (open.length === 0) throw notFound('This session')
    await markEnded(tx, caller.userId, sessionId, seconds)
    await stopRunsOfSession(tx, caller.userId, sessionId)
  })
}

async function markEnded(tx: Tx, ownerId: string, id: string, seconds: number): Promise<void> {
  await tx.endedSession.deleteMany({ where: { ownerId, expiresAt: { lt: new Date() } } })
  const ended = { id, ownerId, expiresAt: new Date(Date.now() + seconds * 1000) }
  await tx.endedSession.createMany({ data: ended, skipDuplicates: true })
  await tx.session.deleteMany({ where: { ownerId, id } })
  await tx.$executeRaw`SELECT pg_notify(${ACCESS_CHANNEL}, ${ownerId})`
}
