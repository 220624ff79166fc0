import type { GuardedModel } from '#lib/agent/models/openai/guarded-model.ts'

/** The models of a turn's assistants, as one: what the turn has to know of them after its end. */
export class AnsweringModels {
  readonly #models: GuardedModel[] = []
  #last: GuardedModel | undefined
  #ended: unknown

  add(model: GuardedModel): void {
    this.#models.push(model)
  }

  /** Notes which model has answered last. */
  noteAnswer(model: GuardedModel): void {
    this.#last = model
  }

  /** Why the turn has no answer. The first reason counts. */
  get failure(): unknown {
    return this.#models.map(({ failure }) => failure).find((failure) => failure !== undefined) ?? this.#ended
  }

  /** Why the last answer was cut off. */
  get cut(): GuardedModel['cut'] {
    return this.#last?.cut
  }

  whyUnmakeable(callId: string): string | undefined {
    return this.#models.map((model) => model.whyUnmakeable(callId)).find((why) => why !== undefined)
  }

  noteFailure = (error: unknown): void => {
    this.#ended ??= error
  }
}
