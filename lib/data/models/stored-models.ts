import { Audience } from '#lib/data/audience.ts'
import { Capabilities, MODEL_USES, ModelApi, type ModelUse, Prices } from '#lib/data/models/model-facts.ts'
import { ProviderSecrets } from '#lib/data/models/provider-secrets.ts'
import type { OfferedModel as ModelRow, ModelProvider as ProviderRow } from '#lib/generated/prisma/client.ts'
import { unseal } from '#lib/platform/crypto/seal.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/**
 * A server of models that an admin connected. `secrets` is null if they cannot be read: sealed
 * under another APP_SECRET, or by a later version. It never leaves the server.
 */
export type StoredProvider = {
  id: string
  name: string
  baseUrl: string
  api: ModelApi
  secrets: ProviderSecrets | null
}

/** A model that an admin offers. Its prices are in millionths of a dollar per million tokens. */
export type StoredModel = {
  id: string
  providerId: string
  name: string
  description: string | null
  model: string
  enabled: boolean
  contextTokens: number
  maxOutputTokens: number | null
  capabilities: Capabilities
  prices: Prices | null
  audience: Audience
  uses: ModelUse[]
  isDefault: boolean
  fallbackId: string | null
}

export type StoredModels = { providers: StoredProvider[]; models: StoredModel[] }

export const PROVIDERS_MAX = 50
export const MODELS_MAX = 200
const REMEMBERED_MS = 2_000

// Every turn reads them. Another replica's change is visible within two seconds, our own at once.
const remembered = processState('models', (): { listed?: { until: number; stored: Promise<StoredModels> } } => ({}))

/** All providers and models that admins added, by name. At most two seconds old. */
export function listStoredModels(): Promise<StoredModels> {
  const known = remembered().listed
  if (known && known.until > Date.now()) return known.stored
  const stored = readStoredModels()
  remembered().listed = { until: Date.now() + REMEMBERED_MS, stored }
  stored.catch(forgetStoredModels)
  return stored
}

/** Makes the next `listStoredModels` read the database. To be called after each change. */
export function forgetStoredModels(): void {
  remembered().listed = undefined
}

/** The same, read from the database now. */
export async function readStoredModels(): Promise<StoredModels> {
  const { providers, models } = await withSystem('models', async (tx) => ({
    providers: await tx.modelProvider.findMany({ orderBy: { name: 'asc' }, take: PROVIDERS_MAX }),
    models: await tx.offeredModel.findMany({ orderBy: { name: 'asc' }, take: MODELS_MAX }),
  }))
  return { providers: await Promise.all(providers.map(toProvider)), models: models.map(toModel) }
}

async function toProvider({ id, name, baseUrl, api, sealedSecrets }: ProviderRow): Promise<StoredProvider> {
  const text = sealedSecrets === null ? '{}' : await unseal(sealedSecrets, 'model secrets')
  const secrets = text === null ? null : (ProviderSecrets.safeParse(JSON.parse(text)).data ?? null)
  if (secrets === null) log.warn({ provider: name }, 'the key of a model provider cannot be read')
  return {
    id,
    name,
    baseUrl,
    api: ModelApi.catch('responses').parse(api),
    secrets,
  }
}

// A row that a later version wrote must not end every chat: what cannot be read is left out, and an
// audience that cannot be read is nobody.
function toModel({ capabilities, prices, audience, uses, createdAt, updatedAt, ...row }: ModelRow): StoredModel {
  return {
    ...row,
    capabilities: Capabilities.catch(Capabilities.parse({})).parse(capabilities),
    prices: Prices.nullable().catch(null).parse(prices),
    audience: Audience.catch({ kind: 'chosen', roles: [], people: [] }).parse(audience),
    uses: MODEL_USES.filter((use) => uses.includes(use)),
  }
}
