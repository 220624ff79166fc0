import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'

/** What a model takes (tokens): a request and its answer together, and the answer alone. */
export type ContextLimits = { windowTokens: number; maxOutputTokens: number | null }

export function toContextLimits({ contextWindowTokens, maxOutputTokens }: OfferedModel): ContextLimits {
  return { windowTokens: contextWindowTokens, maxOutputTokens }
}
