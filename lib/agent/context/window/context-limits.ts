import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** What a model takes (tokens): a request and its answer together, and the answer alone. */
export type ContextLimits = { windowTokens: number; maxOutputTokens: number | null }

type Windowed = Pick<OfferedModel, 'provider' | 'model' | 'contextWindowTokens' | 'maxOutputTokens'>

const LEARNED_MAX = 1_000
const learned = processState('learned windows', () => new Map<string, number>())

/** What a model takes: as an admin said, but never more than its server took when that was too much. */
export function toContextLimits(model: Windowed): ContextLimits {
  const { contextWindowTokens, maxOutputTokens } = model
  const taken = learned().get(keyOf(model)) ?? contextWindowTokens
  return { windowTokens: Math.min(contextWindowTokens, taken), maxOutputTokens }
}

/** Notes that a server takes only so many tokens for a model whose window was said to be larger. */
export function learnWindow(model: Windowed, windowTokens: number): void {
  if (learned().size >= LEARNED_MAX) learned().clear()
  learned().set(keyOf(model), windowTokens)
  const { provider, model: name, contextWindowTokens: said } = model
  log.warn(
    { provider: provider.name, model: name, said, window_tokens: windowTokens },
    'a model takes less than its context window is said to be; set the window to what it takes',
  )
}

// An admin who changes the window is believed again.
function keyOf({ provider, model, contextWindowTokens }: Windowed): string {
  return JSON.stringify([provider.id, model, contextWindowTokens])
}
