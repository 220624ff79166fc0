import { recordAudit } from '#lib/data/audit.ts'
import type { ProviderSecrets } from '#lib/data/models/provider-secrets.ts'
import {
  forgetStoredModels,
  PROVIDERS_MAX,
  readStoredModels,
  type StoredProvider,
} from '#lib/data/models/stored-models.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { seal } from '#lib/platform/crypto/seal.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

/** What an admin decides about a provider. */
export type ProviderWish = Pick<StoredProvider, 'name' | 'baseUrl' | 'api'> & { secrets: ProviderSecrets }

/** One provider, read from the database now. Throws not_found. */
export async function requireProvider(id: string): Promise<StoredProvider> {
  const found = (await readStoredModels()).providers.find((provider) => provider.id === id)
  if (!found) throw notFound('The provider')
  return found
}

/**
 * Adds a provider. Only for callers whose admin role was checked. Throws conflict if the name is
 * taken or there are 50 providers.
 */
export async function addProvider(admin: Caller, wish: ProviderWish): Promise<string> {
  const data = { id: newId('prv'), ...(await toColumns(wish)) }
  await write(() =>
    withSystem('models', async (tx) => {
      // Locked, so that two admins cannot exceed the limit together.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('model_providers', 0))`
      if ((await tx.modelProvider.count()) >= PROVIDERS_MAX)
        throw new AppError('conflict', `There are ${PROVIDERS_MAX} providers already.`)
      await tx.modelProvider.create({ data })
    }),
  )
  const { name, baseUrl } = wish
  await recordAudit({ action: 'provider_added', actorId: admin.userId, subject: data.id, detail: { name, baseUrl } })
  return data.id
}

/**
 * Replaces what an admin decided about a provider. Only for callers whose admin role was checked.
 * Throws not_found, conflict.
 */
export async function changeProvider(admin: Caller, id: string, wish: ProviderWish): Promise<void> {
  const data = await toColumns(wish)
  const { count } = await write(() =>
    withSystem('models', (tx) => tx.modelProvider.updateMany({ where: { id }, data })),
  )
  if (count === 0) throw notFound('The provider')
  const { name, baseUrl } = wish
  await recordAudit({ action: 'provider_changed', actorId: admin.userId, subject: id, detail: { name, baseUrl } })
}

/**
 * Removes a provider with its key and its models. Runs keep the names. Only for callers whose admin
 * role was checked. Throws not_found.
 */
export async function removeProvider(admin: Caller, id: string): Promise<void> {
  const { name } = await requireProvider(id)
  await write(() => withSystem('models', (tx) => tx.modelProvider.deleteMany({ where: { id } })))
  await recordAudit({ action: 'provider_removed', actorId: admin.userId, subject: id, detail: { name } })
}

async function write<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'P2002')
      throw new AppError('conflict', 'A provider of this name exists already.', { cause: error })
    throw error
  } finally {
    forgetStoredModels()
  }
}

async function toColumns({ name, baseUrl, api, secrets }: ProviderWish) {
  return { name, baseUrl, api, sealedSecrets: await seal(JSON.stringify(secrets), 'model secrets') }
}
