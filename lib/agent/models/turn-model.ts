import type { Model, ModelRequest } from '@openai/agents'
import type { ModelChoice } from '#lib/agent/models/catalog/model-choice.ts'
import { readCatalog } from '#lib/agent/models/catalog/models-for.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { openModel } from '#lib/agent/models/open-model.ts'
import { findServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { ModelFault, toTurnFailure } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { type ModelLine, toLog } from '#lib/agent/models/openai/transport/model-fetch.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import { isInAudience } from '#lib/data/audience.ts'
import type { ReasoningLevel } from '#lib/data/models/model-facts.ts'
import type { ModelFallback } from '#lib/data/models/model-fallbacks.ts'
import { findPerson, type Person } from '#lib/data/people/users.ts'
import type { RunFailureClass } from '#lib/data/runs/run-failures.ts'
import { log } from '#lib/platform/log.ts'

/** How many models a turn asks instead of the first. */
const FALLBACKS_MAX = 2

/** What another model would refuse as well, or must not be asked to allow. */
const FINAL: ReadonlySet<RunFailureClass> = new Set(['model_filtered', 'model_refused', 'model_file_refused'])

type Opening = { person: Person; timeZone: string; now: Date; line: ModelLine }

/** The model of one turn: the one that was chosen, and those that are asked if it fails. */
export class TurnModel {
  /** The models that failed so far, in order. */
  readonly failed: ModelFallback[] = []
  readonly #reasoning: ReasoningLevel | null
  #current: OfferedModel

  constructor({ model, reasoning }: ModelChoice) {
    this.#current = model
    this.#reasoning = reasoning
  }

  /** The model that is asked now. */
  get current(): OfferedModel {
    return this.#current
  }

  /** What the run's row says of the model that is asked now. */
  describe() {
    const { id: offeredModelId, model, provider, origin } = this.#current
    if (origin === 'demo') return { model }
    return { model, provider: provider.name, offeredModelId, ...(this.failed.length > 0 && { fallbacks: this.failed }) }
  }

  /**
   * Opens the model that is asked now. If it cannot be opened, asking it fails. Waits for its server
   * if no other model can answer this person.
   */
  async open({ line, ...about }: Opening): Promise<Model> {
    const model = this.#current
    const hasFallback = (await this.#findFallback(about.person)) !== undefined
    const level = model.capabilities.reasoningLevels.find((known) => known === this.#reasoning)
    return withReasoning(await openOrFail(model, about, { line, waits: !hasFallback }), level)
  }

  /**
   * Turns to the model that was named for the case that this one fails before its first word, for
   * the rest of the turn. False if there is none that this person may use now, or if another one
   * cannot help. A model's own failures count, ours do not.
   */
  async turnToFallback(error: unknown, person: Person): Promise<boolean> {
    if (!(error instanceof ModelFault) && !findServerError(error)) return false
    const { failureClass, detail } = toTurnFailure(error)
    const next = FINAL.has(failureClass) ? undefined : await this.#findFallback(person)
    if (!next) return false
    const { id, model, provider } = this.#current
    const at = new Date().toISOString()
    this.failed.push({ offeredModelId: id, model, provider: provider.name, failureClass, at })
    log.warn(
      {
        model,
        provider: provider.name,
        failure_class: failureClass,
        fallback: next.model,
        ...(detail && toLog(detail)),
      },
      'a model failed before its first word, and another one is asked',
    )
    this.#current = next
    return true
  }

  /** The model that this person may use now if the present one fails; undefined if there is none. */
  async #findFallback(person: Person): Promise<OfferedModel | undefined> {
    const { id, fallbackId } = this.#current
    const asked = [...this.failed.map(({ offeredModelId }) => offeredModelId), id]
    if (fallbackId === null || asked.includes(fallbackId) || this.failed.length >= FALLBACKS_MAX) return undefined
    return findAllowed(fallbackId, person).catch(toNothing)
  }
}

/** Tells the person that another model answers than the one that they chose. */
export function toFallbackNotice(before: OfferedModel, now: OfferedModel): Notice {
  const message = `${before.name} cannot answer just now, so ${now.name} does.`
  return { type: 'notice', level: 'info', title: 'Another model answers', message }
}

/** By this name it is remembered what a provider takes of tools for this model. */
export function toLimitsKey({ origin, model, provider }: OfferedModel): string {
  return origin === 'page' || origin === 'file' ? `${provider.name}: ${model}` : model
}

/**
 * The model of this id, if it answers in chats and the person may use it now: their role may have
 * changed since the turn began.
 */
async function findAllowed(id: string, { id: userId }: Person): Promise<OfferedModel | undefined> {
  const [{ models }, person] = await Promise.all([readCatalog(), findPerson(userId)])
  const model = models.find((one) => one.id === id && one.uses.includes('chat'))
  return model && person !== null && isInAudience(person, model.audience) ? model : undefined
}

function toNothing(error: unknown): undefined {
  log.warn({ error }, 'the fallback of a model could not be looked up')
}

/** A model whose provider is gone or has no readable key fails like one that does not answer. */
async function openOrFail(...given: Parameters<typeof openModel>): Promise<Model> {
  try {
    return await openModel(...given)
  } catch (error) {
    if (!findServerError(error)) throw error
    const fail = () => {
      throw error
    }
    return {
      getResponse: async () => fail(),
      getStreamedResponse: async function* () {
        yield fail()
      },
    }
  }
}

function withReasoning(inner: Model, level: ReasoningLevel | undefined): Model {
  if (level === undefined) return inner
  const leveled = (request: ModelRequest): ModelRequest => ({
    ...request,
    modelSettings: {
      ...request.modelSettings,
      reasoning: { ...request.modelSettings.reasoning, effort: level as never },
    },
  })
  return {
    getResponse: (request) => inner.getResponse(leveled(request)),
    getStreamedResponse: (request) => inner.getStreamedResponse(leveled(request)),
  }
}
