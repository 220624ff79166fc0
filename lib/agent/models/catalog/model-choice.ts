import { modelsFor, NOT_OFFERED } from '#lib/agent/models/catalog/models-for.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { AudienceMember } from '#lib/data/audience.ts'
import type { ReasoningLevel } from '#lib/data/models/model-facts.ts'
import { AppError } from '#lib/platform/errors.ts'

/** A model and how hard it is to think; null leaves that to the model's server. */
export type ModelChoice = { model: OfferedModel; reasoning: ReasoningLevel | null }

/** An entry of the chat's menu of models. Its id is what the client sends as the choice. */
export type ModelEntry = { id: string; label: string; description?: string }

/** The choice of the person's default, whichever model that is. */
const DEFAULT_CHOICE = 'default'
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

/** The choice among these models, the default first; undefined if it is not among them. */
function findChoice(offered: OfferedModel[], wanted?: string | null): ModelChoice | undefined {
  const [first] = offered
  if (wanted == null || wanted === DEFAULT_CHOICE) return first && { model: first, reasoning: null }
  const whole = offered.find(({ id }) => id === wanted)
  if (whole) return { model: whole, reasoning: null }
  const at = wanted.lastIndexOf(LEVEL_MARK)
  const id = wanted.slice(0, Math.max(at, 0))
  const model = id === DEFAULT_CHOICE ? first : offered.find((one) => one.id === id)
  const reasoning = model?.capabilities.reasoningLevels.find((level) => level === wanted.slice(at + 1))
  return model && reasoning && { model, reasoning }
}

/**
 * The menu of models for a person, the default first: each model, and each with the levels of
 * reasoning that it has. Empty if there is nothing to choose.
 */
export function toModelEntries(offered: OfferedModel[]): ModelEntry[] {
  const entries = offered.flatMap((model): ModelEntry[] => [
    { id: toEntryId(offered, model), label: model.name, description: model.description ?? model.provider.name },
    ...model.capabilities.reasoningLevels.map((reasoning) => ({
      id: toEntryId(offered, model, reasoning),
      label: `${model.name}, ${LEVEL_NAMES[reasoning]}`,
    })),
  ])
  return entries.length < 2 ? [] : entries
}

/** The entry of the menu that stands for what a thread or a person remembers; the default's if none does. */
export function findEntryId(offered: OfferedModel[], remembered: string | null): string {
  const choice = findChoice(offered, remembered)
  return choice ? toEntryId(offered, choice.model, choice.reasoning) : DEFAULT_CHOICE
}

// Whoever stays with the default follows it when an admin names another one.
function toEntryId([first]: OfferedModel[], { id }: OfferedModel, reasoning: ReasoningLevel | null = null): string {
  const model = id === first?.id ? DEFAULT_CHOICE : id
  return reasoning === null ? model : `${model}${LEVEL_MARK}${reasoning}`
}
