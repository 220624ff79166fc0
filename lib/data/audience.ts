import { z } from 'zod'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Role } from '#lib/generated/prisma/enums.ts'

const CHOSEN_MAX = 500

/**
 * Who may use a thing that admins offer: everybody, or those who have one of the roles or whose id
 * is named. A choice of nobody is nobody, never everybody.
 */
export const Audience = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('everybody') }),
  z.strictObject({
    kind: z.literal('chosen'),
    roles: z
      .array(z.enum(['admin', 'member']))
      .max(2)
      .default([]),
    /** Ids of accounts. Those that are gone stand for nobody, because ids are never used twice. */
    people: z.array(z.string().min(1).max(100)).max(CHOSEN_MAX).default([]),
  }),
])
export type Audience = z.infer<typeof Audience>

export const EVERYBODY: Audience = { kind: 'everybody' }

/** What decides whether a person is in an audience. Read from the database, never from a model. */
export type AudienceMember = { id: string; role: Role }

/** True if the person may use a thing with this audience. */
export function isInAudience({ id, role }: AudienceMember, audience: Audience): boolean {
  return audience.kind === 'everybody' || audience.roles.includes(role) || audience.people.includes(id)
}

/**
 * The same check as a condition of SQL. `column` is a jsonb column that holds an Audience; anything
 * else in it stands for nobody. The member is known, or columns of the statement name it.
 */
export function audienceCondition(
  column: Prisma.Sql,
  { id, role }: AudienceMember | { id: Prisma.Sql; role: Prisma.Sql },
): Prisma.Sql {
  return Prisma.sql`coalesce(${column}->>'kind' = 'everybody' OR (${column}->>'kind' = 'chosen'
    AND (${column}->'roles' @> to_jsonb(${role}::text) OR ${column}->'people' @> to_jsonb(${id}::text))), false)`
}
