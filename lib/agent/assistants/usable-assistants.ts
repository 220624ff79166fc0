import type { KnownAssistant } from '#lib/agent/assistants/known-assistant.ts'
import { listAssistants } from '#lib/agent/assistants/list-assistants.ts'
import { modelsFor } from '#lib/agent/models/catalog/models-for.ts'
import { DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'
import { type AudienceMember, isInAudience } from '#lib/data/audience.ts'
import { AppError } from '#lib/platform/errors.ts'

/** The same for an assistant that there is not, and for one that is not for this person. */
const NOT_USABLE = 'This assistant is not available to you. Choose another one.'

/**
 * The assistants that this person may use now, the default first: those that are for them and whose
 * model is offered to them, because what they say goes to no other provider. The default answers
 * with the person's own model if its own is not offered to them.
 */
export async function listUsableAssistants(person: AudienceMember): Promise<KnownAssistant[]> {
  const [assistants, models] = await Promise.all([listAssistants(), modelsFor(person)])
  const isOffered = (model: string | null) => model === null || models.some(({ id }) => id === model)
  return assistants.flatMap((assistant) => {
    const { slug, config } = assistant
    if (!isInAudience(person, config.audience)) return []
    if (isOffered(config.model)) return [assistant]
    return slug === DEFAULT_SLUG ? [{ ...assistant, config: { ...config, model: null } }] : []
  })
}

/** Throws not_found, in the same words, for an assistant that is not there or not for this person. */
export async function requireUsableAssistant(person: AudienceMember, slug: string): Promise<void> {
  const usable = await listUsableAssistants(person)
  if (!usable.some((assistant) => assistant.slug === slug)) throw new AppError('not_found', NOT_USABLE)
}
