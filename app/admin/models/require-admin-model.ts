import { readCatalog } from '#lib/agent/models/catalog/models-for.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { toAccess, toOffered } from '#lib/agent/models/catalog/page-models.ts'
import type { ProviderAccess } from '#lib/agent/models/catalog/provider-access.ts'
import { readStoredModels, type StoredModel } from '#lib/data/models/stored-models.ts'
import { notFound } from '#lib/platform/errors.ts'

/**
 * A model of the settings, the file or the page, offered or not, with how to reach its provider.
 * `stored` is its row, if it has one. Throws not_found.
 */
export async function requireAdminModel(
  id: string,
): Promise<{ model: OfferedModel; access: ProviderAccess; stored?: StoredModel }> {
  const { models, providers } = await readStoredModels()
  const stored = models.find((model) => model.id === id)
  const provider = providers.find((one) => one.id === stored?.providerId)
  if (stored && provider) return { model: toOffered(provider, stored), access: toAccess(provider), stored }
  const catalog = await readCatalog()
  const model = catalog.models.find((one) => one.id === id && one.origin !== 'page')
  const access = catalog.providers.find((one) => one.id === model?.provider.id)
  if (!model || !access) throw notFound('The model')
  return { model, access }
}
