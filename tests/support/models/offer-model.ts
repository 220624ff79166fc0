import { EVERYBODY } from '#lib/data/audience.ts'
import { addProvider, type ProviderWish } from '#lib/data/models/model-providers.ts'
import { addModel, type ModelWish } from '#lib/data/models/offered-models.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { newId } from '#lib/platform/ids.ts'

/**
 * Connects a provider at this address, as the page does, and offers one of its models: by default
 * to everybody, as `a-model`, through the Responses API. Returns the ids of both.
 */
export async function offerModel(
  admin: Caller,
  baseUrl: string,
  { provider = {}, ...model }: Partial<Omit<ModelWish, 'providerId'>> & { provider?: Partial<ProviderWish> } = {},
): Promise<{ providerId: string; id: string }> {
  const name = newId('x')
  const secrets = { key: `key-of-${name}`, headers: {} }
  const providerId = await addProvider(admin, { name, baseUrl, api: 'responses', secrets, ...provider })
  return { providerId, id: await addModel(admin, { ...plainModel(name), providerId, ...model }) }
}

/** A model of no particular kind. */
function plainModel(name: string): Omit<ModelWish, 'providerId'> {
  return {
    name,
    description: null,
    model: 'a-model',
    enabled: true,
    contextTokens: 100_000,
    maxOutputTokens: null,
    capabilities: { tools: true, pictures: true, files: true, reasoningLevels: [] },
    prices: null,
    audience: EVERYBODY,
    uses: ['chat'],
    isDefault: false,
    fallbackId: null,
  }
}
