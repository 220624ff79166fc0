import { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'

/** One version as lists show it. `savedBy` is the admin's name; null for the file or a gone account. */
export type VersionRow = {
  id: string
  number: number
  savedBy: string | null
  savedAt: Date
  restoredFrom: number | null
}

/** A version with what it says. `config` is null if an older release wrote it in another form. */
export type Version = VersionRow & { slug: string; origin: 'page' | 'file'; config: AssistantConfig | null }

const VERSIONS_MAX = 200
const COLUMNS = Prisma.sql`v.id, v.number, u.name AS "savedBy", v.created_at AS "savedAt", v.restored_from AS "restoredFrom"`
const FROM = Prisma.sql`
  FROM assistant_versions v JOIN assistants a ON a.id = v.assistant_id LEFT JOIN users u ON u.id = v.saved_by`

/** An assistant as its versions belong to it. */
type Whose = { slug: string; origin: 'page' | 'file' }

/** The versions of an assistant, the newest first: 200 at most. Only for callers whose admin role was checked. */
export function listVersions({ slug, origin }: Whose): Promise<VersionRow[]> {
  return runSystemStatement<VersionRow>(
    'assistants',
    Prisma.sql`SELECT ${COLUMNS} ${FROM} WHERE a.slug = ${slug} AND a.origin = ${origin} ORDER BY v.number DESC LIMIT ${VERSIONS_MAX}`,
  )
}

/** One version, or null. Only for callers whose admin role was checked. */
export function findVersion({ slug, origin }: Whose, number: number): Promise<Version | null> {
  return findOne(Prisma.sql`a.slug = ${slug} AND a.origin = ${origin} AND v.number = ${number}`)
}

/** The version that a run or a call names, or null. Only for callers whose admin role was checked. */
export function findVersionById(id: string): Promise<Version | null> {
  return findOne(Prisma.sql`v.id = ${id}`)
}

/** The slug of the assistant that a version belongs to; undefined if there is no such version. */
export async function findSlugOfVersion(id: string): Promise<string | undefined> {
  const [row] = await runSystemStatement<{ slug: string }>(
    'assistants',
    Prisma.sql`
      SELECT a.slug FROM assistant_versions v JOIN assistants a ON a.id = v.assistant_id WHERE v.id = ${id}`,
  )
  return row?.slug
}

async function findOne(condition: Prisma.Sql): Promise<Version | null> {
  const [row] = await runSystemStatement<Omit<Version, 'config'> & { config: unknown }>(
    'assistants',
    Prisma.sql`SELECT ${COLUMNS}, a.slug, a.origin, v.config ${FROM} WHERE ${condition}`,
  )
  return row ? { ...row, config: AssistantConfig.safeParse(row.config).data ?? null } : null
}
