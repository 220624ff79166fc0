import { Prisma } from '#lib/generated/prisma/client.ts'

/** From a moment up to, and without, another one. */
export type Span = { since: Date; until: Date }

/** The ids of people who called tools, began runs or were last seen in a span, for SQL. */
export function activePeople({ since, until }: Span): Prisma.Sql {
  return Prisma.sql`(
    SELECT owner_id FROM runs WHERE created_at >= ${since} AND created_at < ${until}
    UNION SELECT owner_id FROM tool_calls WHERE started_at >= ${since} AND started_at < ${until}
    UNION SELECT id FROM users WHERE last_active_at >= ${since} AND last_active_at < ${until})`
}
