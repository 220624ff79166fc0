import { readFileModels } from '#lib/agent/models/catalog/file-models.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { readPageModels } from '#lib/agent/models/catalog/page-models.ts'
import type { ProviderAccess, Source } from '#lib/agent/models/catalog/provider-access.ts'
import { DEMO_MODEL, readSettingsModels } from '#lib/agent/models/catalog/settings-models.ts'
import { type AudienceMember, isInAudience } from '#lib/data/audience.ts'
import type { ModelUse } from '#lib/data/models/model-facts.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * Every model that is offered to anybody, with their providers: those of pages first, then of the
 * file, then of the settings. The first default, and the first that is named for something, counts.
 */
export async function readCatalog(): Promise<Source> {
  const sources = [await readPageModels(), readFileModels(), readSettingsModels()]
  return {
    models: sources.flatMap(({ models }) => models),
    providers: sources.flatMap(({ providers }) => providers),
  }
}

/** Every model that is offered to anybody, in the same order. */
export async function listOfferedModels(): Promise<OfferedModel[]> {
  return (await readCatalog()).models
}

/**
 * The models from which this person may choose, the default first. Never empty: without a model the
 * demo assistant answers.
 */
export async function modelsFor(person: AudienceMember): Promise<OfferedModel[]> {
  const { models } = await readCatalog()
  const offered = models.filter(({ uses, audience }) => uses.includes('chat') && isInAudience(person, audience))
  const first = offered.find(({ isDefault }) => isDefault) ?? offered[0]
  if (!first) return [DEMO_MODEL]
  return [first, ...offered.filter((model) => model !== first)].map((model) => ({
    ...model,
    isDefault: model === first,
  }))
}

/**
 * The model of this id, or the person's default if none is wanted. Throws not_found for a model that
 * is not offered to this person, in the same words as for one that does not exist.
 */
export async function requireModelFor(person: AudienceMember, wanted?: string | null): Promise<OfferedModel> {
  const offered = await modelsFor(person)
  const found = wanted == null ? offered[0] : offered.find(({ id }) => id === wanted)
  if (!found) throw new AppError('not_found', NOT_OFFERED)
  return found
}

export const NOT_OFFERED = 'This model is not offered. Choose another one.'

/**
 * The model that was named for titles, summaries or transcription and is offered to this person:
 * what they say goes to no other provider. If none was named for titles or summaries, their default
 * does it, unless that is the demo assistant.
 */
export async function findModelForUse(
  person: AudienceMember,
  use: Exclude<ModelUse, 'chat'>,
): Promise<OfferedModel | undefined> {
  const { models } = await readCatalog()
  const named = models.find(({ uses, audience }) => uses.includes(use) && isInAudience(person, audience))
  if (named || use === 'transcription') return named
  const [first] = await modelsFor(person)
  return first?.origin === 'demo' ? undefined : first
}

/** How to reach the provider of a model. Undefined if it was removed meanwhile. */
export async function findAccess({ provider }: OfferedModel): Promise<ProviderAccess | undefined> {
  return (await readCatalog()).providers.find(({ id }) => id === provider.id)
}
