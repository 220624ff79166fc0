import { createHash } from 'node:crypto'
import { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runSystemStatement, withSystem } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'

/** An assistant of a page or of the file, in its latest version. */
export type StoredAssistant = {
  id: string
  slug: string
  origin: 'page' | 'file'
  versionId: string
  number: number
  savedAt: Date
  config: AssistantConfig
}

const ASSISTANTS_MAX = 100
const FORGOTTEN = 'Somebody else has saved this assistant meanwhile. Look at their version, then save again.'

type Row = Omit<StoredAssistant, 'config'> & { config: unknown }

const LATEST = Prisma.sql`
  SELECT a.id, a.slug, a.origin, v.id AS "versionId", v.number, v.created_at AS "savedAt", v.config
  FROM assistants a JOIN LATERAL (
    SELECT * FROM assistant_versions WHERE assistant_id = a.id ORDER BY number DESC LIMIT 1) v ON true`

/**
 * The assistants that admins saved on pages, by slug, in their latest versions. Read from the
 * database now, so that a change counts at once.
 */
export async function listPageAssistants(): Promise<StoredAssistant[]> {
  const rows = await runSystemStatement<Row>(
    'assistants',
    Prisma.sql`${LATEST} WHERE a.origin = 'page' AND a.removed_at IS NULL ORDER BY a.slug LIMIT ${ASSISTANTS_MAX}`,
  )
  return rows.flatMap(toStored)
}

/**
 * Saves a version. `base` is the number of the version that was changed, 0 for a new assistant; a
 * removed one comes back under its old slug. Nothing is stored if nothing differs from `base`. Only
 * for callers whose admin role was checked. Throws conflict if somebody else saved meanwhile, if the
 * slug is taken, or if there are 100 assistants.
 */
export async function saveAssistant(
  admin: Caller,
  slug: string,
  config: AssistantConfig,
  { base, restoredFrom }: { base: number; restoredFrom?: number },
): Promise<{ number: number }> {
  const configHash = hashConfig(config)
  const saved = await toSaveError(() =>
    withSystem('assistants', async (tx) => {
      // Locked, so that two admins neither overwrite each other nor exceed the limit together.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('assistants', 0))`
      const found = await tx.assistant.findUnique({ where: { slug_origin: { slug, origin: 'page' } } })
      const isNew = !found || found.removedAt !== null
      if (isNew && (await tx.assistant.count({ where: { origin: 'page', removedAt: null } })) >= ASSISTANTS_MAX)
        throw new AppError('conflict', `There are ${ASSISTANTS_MAX} assistants already.`)
      if (base === 0 && !isNew) throw new AppError('conflict', 'An assistant with this short name exists already.')
      if (base > 0 && isNew) throw notFound('The assistant')
      const row = found ?? (await tx.assistant.create({ data: { id: newId('ast'), slug, origin: 'page' } }))
      if (found?.removedAt) await tx.assistant.update({ where: { id: row.id }, data: { removedAt: null } })
      const last = await tx.assistantVersion.findFirst({ where: { assistantId: row.id }, orderBy: { number: 'desc' } })
      if (base > 0 && last?.number !== base) throw new AppError('conflict', FORGOTTEN)
      if (base > 0 && last?.configHash === configHash) return { id: row.id, number: base, isSame: true }
      const number = (last?.number ?? 0) + 1
      const data = { assistantId: row.id, number, config, configHash, savedBy: admin.userId }
      await tx.assistantVersion.create({ data: { id: newId('asv'), restoredFrom, ...data } })
      return { id: row.id, number, isSame: false }
    }),
  )
  if (!saved.isSame)
    await recordAudit({
      ...{ action: 'assistant_saved', actorId: admin.userId, subject: saved.id },
      detail: { slug, version: saved.number, ...(restoredFrom !== undefined && { restored: restoredFrom }) },
    })
  return saved
}

/**
 * Removes an assistant of a page from all choices. Its versions stay, because runs name them. Only
 * for callers whose admin role was checked. Throws not_found.
 */
export async function removeAssistant(admin: Caller, slug: string): Promise<void> {
  const [row] = await withSystem('assistants', (tx) =>
    tx.assistant.updateManyAndReturn({
      where: { slug, origin: 'page', removedAt: null },
      data: { removedAt: new Date() },
    }),
  )
  if (!row) throw notFound('The assistant')
  await recordAudit({ action: 'assistant_removed', actorId: admin.userId, subject: row.id, detail: { slug } })
}

/**
 * Keeps the assistants of the file as versions, each state once, however many processes read it.
 * Resolves to them in the order of the file.
 */
export async function noteFileAssistants(
  files: { slug: string; config: AssistantConfig }[],
): Promise<StoredAssistant[]> {
  if (files.length === 0) return []
  return withSystem('assistants', async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('assistants', 0))`
    const stored: StoredAssistant[] = []
    for (const { slug, config } of files) {
      const configHash = hashConfig(config)
      const where = { slug_origin: { slug, origin: 'file' } }
      const row = await tx.assistant.upsert({ where, create: { id: newId('ast'), slug, origin: 'file' }, update: {} })
      const versions = { assistantId: row.id }
      const same = await tx.assistantVersion.findFirst({ where: { ...versions, configHash } })
      const number = 1 + (same ? 0 : await tx.assistantVersion.count({ where: versions }))
      const kept =
        same ??
        (await tx.assistantVersion.create({ data: { id: newId('asv'), ...versions, number, config, configHash } }))
      const { id: versionId, createdAt: savedAt } = kept
      stored.push({ id: row.id, slug, origin: 'file', versionId, number: kept.number, savedAt, config })
    }
    return stored
  })
}

/** The same for equal configurations, whatever the order of their keys. */
function hashConfig(config: AssistantConfig): string {
  const text = JSON.stringify(config, (_key, value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  )
  return createHash('sha256').update(text).digest('hex')
}

function toStored({ config, ...row }: Row): StoredAssistant[] {
  const parsed = AssistantConfig.safeParse(config)
  if (parsed.success) return [{ ...row, config: parsed.data }]
  // A version of an older release that this one cannot read must not stop every turn.
  log.error({ slug: row.slug, version: row.number }, 'an assistant cannot be read and is left out')
  return []
}

async function toSaveError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'P2002') throw new AppError('conflict', FORGOTTEN, { cause: error })
    throw error
  }
}
