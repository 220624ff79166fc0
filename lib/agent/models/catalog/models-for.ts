import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { DEMO_MODEL, readSettingsModels } from '#lib/agent/models/catalog/settings-models.ts'
import { type AudienceMember, isInAudience } from '#lib/data/audience.ts'
import type { ModelUse } from '#lib/data/models/model-facts.ts'
import { AppError } from '#lib/platform/errors.ts'

/** Every model that is offered to anybody, in the order in which people see them. */
export async function listOfferedModels(): Promise<OfferedModel[]> {
  return readSettingsModels()
}

/**
 * The models from which this person may choose, the default first. Never empty: without a model the
 * demo assistant answers.
 */
export async function modelsFor(person: AudienceMember): Promise<OfferedModel[]> {
  const offered = (await listOfferedModels()).filter(
    ({ uses, audience }) => uses.includes('chat') && isInAudience(person, audience),
  )
  if (offered.length === 0) return [DEMO_MODEL]
  return [...offered.filter(({ isDefault }) => isDefault), ...offered.filter(({ isDefault }) => !isDefault)]
}

/**
 * The model of this id, or the person's default if none is wanted. Throws not_found for a model that
 * is not offered to this person, in the same words as for one that does not exist.
 */
export async function requireModelFor(person: AudienceMember, wanted?: string | null): Promise<OfferedModel> {
  const offered = await modelsFor(person)
  const found = wanted == null ? offered[0] : offered.find(({ id }) => id === wanted)
  if (!found) throw new AppError('not_found', 'This model is not offered. Choose another one.')
  return found
}

/**
 * The model that was named for titles, summaries or transcription, if one is offered to this person:
 * what they say goes to no other provider.
 */
export async function findModelForUse(
  person: AudienceMember,
  use: Exclude<ModelUse, 'chat'>,
): Promise<OfferedModel | undefined> {
  return (await listOfferedModels()).find(({ uses, audience }) => uses.includes(use) && isInAudience(person, audience))
}
