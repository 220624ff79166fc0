import { toDollars } from '#lib/agent/models/catalog/price-text.ts'
import type { ModelUse, Prices } from '#lib/data/models/model-facts.ts'

const USES: Record<ModelUse, string> = {
  chat: 'Chat',
  titles: 'Names',
  summaries: 'Summaries',
  transcription: 'Dictation',
}

const ORIGINS = { page: 'This page', file: 'MODELS_FILE', settings: 'Settings', demo: 'Built in' }

/** What a model is for, in a few words. */
export function toUsesText(uses: readonly ModelUse[]): string {
  return uses.map((use) => USES[use]).join(', ')
}

/** Where a model is named. */
export function toOriginText(origin: keyof typeof ORIGINS): string {
  return ORIGINS[origin]
}

/** What a model costs, in a few words. */
export function toPriceText(prices: Prices | null): string {
  if (!prices) return 'Not known'
  const { input, cachedInput, output } = prices
  return `$${toDollars(input)} input, $${toDollars(cachedInput)} cached, $${toDollars(output)} output`
}

export function toApiText(api: string): string {
  return api === 'responses' ? 'Responses' : 'Chat Completions'
}
