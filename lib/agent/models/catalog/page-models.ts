import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { ProviderAccess, Source } from '#lib/agent/models/catalog/provider-access.ts'
import { listStoredModels, type StoredModel, type StoredProvider } from '#lib/data/models/stored-models.ts'
import { env } from '#lib/platform/env.ts'

/** The models that admins offer on the page Admin, Models. At most two seconds old. */
export async function readPageModels(): Promise<Source> {
  const { models, providers } = await listStoredModels()
  return {
    models: models.toSorted(byName).flatMap((model) => {
      const provider = providers.find(({ id }) => id === model.providerId)
      return provider && model.enabled ? toOffered(provider, model) : []
    }),
    providers: providers.map(toAccess),
  }
}

/** A stored provider as it is reached: only on the public internet, unless the operator allows more. */
export function toAccess({ id, name, baseUrl, api, secrets }: StoredProvider): ProviderAccess {
  return {
    ...{ id, name, baseUrl, api },
    key: secrets?.key,
    headers: secrets?.headers ?? {},
    reach: env().MODEL_ALLOW_PRIVATE === 'on' ? 'anywhere' : 'public',
    isReadable: secrets !== null,
  }
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name.localeCompare(other.name, 'en')
}

export function toOffered(provider: StoredProvider, model: StoredModel): OfferedModel {
  const { id, name, description, maxOutputTokens, capabilities, prices, audience, isDefault, uses, fallbackId } = model
  return {
    ...{ id, name, description, maxOutputTokens, capabilities, prices, audience, isDefault, uses, fallbackId },
    provider: { id: provider.id, name: provider.name },
    model: model.model,
    api: provider.api,
    contextWindowTokens: model.contextTokens,
    origin: 'page',
  }
}
