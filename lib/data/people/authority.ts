import type { Person } from '#lib/data/people/users.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

const GONE = 'This account can no longer be used.'

/**
 * The person for whom something acts, as of now. `runEnded` is a sentence that says why the named
 * run may no longer act. It is null while the run is open, while a task of it goes on at a server, and
 * if there is no such run.
 */
export type Authority = Person & {
  emailVerified: boolean
  sessionVersion: number
  disabled: boolean
  runEnded: string | null
}

/**
 * Reads what a person and one of their runs may still do. Checked before every request in their
 * name, so that an end of access takes effect at once on every replica. Null if the account is
 * gone.
 */
export async function findAuthority({
  userId,
  runId = null,
}: {
  userId: string
  runId?: string | null
}): Promise<Authority | null> {
  const [found] = await runStatementAs<Authority>(
    { userId },
    Prisma.sql`
      SELECT person.id, person.email, person.email_verified_at IS NOT NULL AS "emailVerified", person.name, person.role,
        person.time_zone AS "timeZone", coalesce(person.language, person.locale) AS locale, person.session_version AS "sessionVersion",
        person.disabled_at IS NOT NULL AS disabled,
        CASE WHEN run.status IS NULL OR run.status IN ('queued', 'running') OR EXISTS (
            SELECT FROM server_tasks WHERE run_id = run.id AND ended_at IS NULL AND stop_at IS NULL) THEN NULL
          ELSE coalesce(run.error_message, 'This answer was stopped.') END AS "runEnded"
      FROM users AS person LEFT JOIN runs AS run ON run.id = ${runId} AND run.owner_id = person.id
      WHERE person.id = ${userId}`,
  )
  return found ?? null
}

/** Returns a sentence that says why nothing may be done in this name, or null if it may. */
export function explainRefusal(authority: Authority | null): string | null {
  if (!authority) return GONE
  return authority.runEnded ?? (authority.disabled ? GONE : null)
}
