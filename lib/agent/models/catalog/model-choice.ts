import { modelsFor, NOT_OFFERED } from '#lib/agent/models/catalog/models-for.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { AudienceMember } from '#lib/data/audience.ts'
import type { ReasoningLevel } from '#lib/data/models/model-facts.ts'
import { AppError } from '#lib/platform/errors.ts'

/** A model and how hard it is to think; null leaves that to the model's server. */
export type ModelChoice = { model: OfferedModel; reasoning: ReasoningLevel | null }

/** An entry of the chat's menu of models. Its id is what the client sends as the choice. */
export type ModelEntry = { id: string; label: string; description?: string; default?: boolean }

/** Between a model's id and a level of reasoning in a choice. */
const LEVEL_MARK = '#'

const LEVEL_NAMES: Record<ReasoningLevel, string> = {
  none: 'no thinking',
  minimal: 'minimal thinking',
  low: 'low thinking',
  medium: 'medium thinking',
  high: 'high thinking',
  xhigh: 'very high thinking',
  max: 'the most thinking',
}

/**
 * The choice that a client's `inference_options.model` or a memory of it names; the person's default
 * if there is none. Throws not_found for one that is not offered to this person, in the same words
 * as for one that does not exist.
 */
export async function requireChoiceFor(person: AudienceMember, wanted?: string | null): Promise<ModelChoice> {
  const choice = findChoice(await modelsFor(person), wanted)
  if (!choice) throw new AppError('not_found', NOT_OFFERED)
  return choice
}

/**
 * The choice for a turn: the one that the thread remembers. If that was withdrawn meanwhile, it is
 * the person's default, and `withdrawn` is what the thread remembers.
 */
export async function chooseForTurn(
  person: AudienceMember,
  remembered: string | null,
): Promise<{ choice: ModelChoice; withdrawn?: string }> {
  const offered = await modelsFor(person)
  const choice = findChoice(offered, remembered)
  if (choice) return { choice }
  return { choice: await requireChoiceFor(person), ...(remembered !== null && { withdrawn: remembered }) }
}

/** The choice among these models; undefined if it is not among them. */
export function findChoice(offered: OfferedModel[], wanted?: string | null): ModelChoice | undefined {
  const [first] = offered
  if (wanted == null) return first && { model: first, reasoning: null }
  const whole = offered.find(({ id }) => id === wanted)
  if (whole) return { model: whole, reasoning: null }
  const at = wanted.lastIndexOf(LEVEL_MARK)
  const model = offered.find(({ id }) => at > 0 && id === wanted.slice(0, at))
  const reasoning = model?.capabilities.reasoningLevels.find((level) => level === wanted.slice(at + 1))
  return model && reasoning && { model, reasoning }
}

/**
 * The menu of models for a person: each model, and each with the levels of reasoning that it has.
 * Empty if there is nothing to choose. `chosen` is marked as the default, if it is offered.
 */
export function toModelEntries(offered: OfferedModel[], chosen: string | null): ModelEntry[] {
  const entries = offered.flatMap(({ id, name, description, capabilities, provider }): ModelEntry[] => [
    { id, label: name, description: description ?? provider.name },
    ...capabilities.reasoningLevels.map((level) => ({
      id: `${id}${LEVEL_MARK}${level}`,
      label: `${name}, ${LEVEL_NAMES[level]}`,
    })),
  ])
  if (entries.length < 2) return []
  const first = entries.find(({ id }) => id === chosen) ?? entries[0]
  return entries.map((entry) => (entry === first ? { ...entry, default: true } : entry))
}
