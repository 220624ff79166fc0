import { recordAudit } from '#lib/data/audit.ts'
import { forgetStoredModels, MODELS_MAX, readStoredModels, type StoredModel } from '#lib/data/models/stored-models.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { type Tx, withSystem } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

/** What an admin decides about a model. */
export type ModelWish = Omit<StoredModel, 'id'>

/** One model, read from the database now. Throws not_found. */
export async function requireStoredModel(id: string): Promise<StoredModel> {
  const found = (await readStoredModels()).models.find((model) => model.id === id)
  if (!found) throw notFound('The model')
  return found
}

/**
 * Offers a model. Only for callers whose admin role was checked. Throws conflict if the name is
 * taken or there are 200 models, not_found if its provider was removed meanwhile.
 */
export async function addModel(admin: Caller, wish: ModelWish): Promise<string> {
  const id = newId('mdl')
  await write(async (tx) => {
    if ((await tx.offeredModel.count()) >= MODELS_MAX)
      throw new AppError('conflict', `There are ${MODELS_MAX} models already.`)
    await leaveOneDefault(tx, wish)
    await tx.offeredModel.create({ data: { id, ...toColumns(wish) } })
  })
  const { name, model } = wish
  await recordAudit({ action: 'model_offered', actorId: admin.userId, subject: id, detail: { name, model } })
  return id
}

/**
 * Replaces what an admin decided about a model. Only for callers whose admin role was checked.
 * Throws not_found, conflict.
 */
export async function changeModel(admin: Caller, id: string, wish: ModelWish): Promise<void> {
  const { count } = await write(async (tx) => {
    await leaveOneDefault(tx, wish)
    return tx.offeredModel.updateMany({ where: { id }, data: toColumns(wish) })
  })
  if (count === 0) throw notFound('The model')
  const { name, model, enabled } = wish
  await recordAudit({ action: 'model_changed', actorId: admin.userId, subject: id, detail: { name, model, enabled } })
}

/** Withdraws a model for good. Runs keep its name. Only for callers whose admin role was checked. */
export async function removeModel(admin: Caller, id: string): Promise<void> {
  const { name } = await requireStoredModel(id)
  await write((tx) => tx.offeredModel.deleteMany({ where: { id } }))
  await recordAudit({ action: 'model_removed', actorId: admin.userId, subject: id, detail: { name } })
}

async function leaveOneDefault(tx: Tx, { isDefault }: ModelWish): Promise<void> {
  if (isDefault) await tx.offeredModel.updateMany({ where: { isDefault: true }, data: { isDefault: false } })
}

async function write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await withSystem('models', async (tx) => {
      // One change at a time, so that two admins cannot exceed the limit or leave two defaults.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('offered_models', 0))`
      return work(tx)
    })
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'P2002') throw new AppError('conflict', 'A model of this name exists already.', { cause: error })
    if (code === 'P2003') throw notFound('The provider')
    throw error
  } finally {
    forgetStoredModels()
  }
}

function toColumns({ prices, ...wish }: ModelWish) {
  return { ...wish, prices: prices ?? Prisma.DbNull }
}
