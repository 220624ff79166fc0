import type { Audience } from '#lib/data/audience.ts'
import type { Capabilities, ModelApi, ModelUse, Prices } from '#lib/data/models/model-facts.ts'

/** A model that is offered to people, wherever it was named: on a page, in a file, in the settings. */
export type OfferedModel = {
  /** Stable. Runs, conversations and people remember it. */
  id: string
  /** The name for people. */
  name: string
  description: string | null
  /** `id` is stable and distinguishes providers; `name` is for people. */
  provider: { id: string; name: string }
  /** The model's id at the provider. */
  model: string
  api: ModelApi
  /** How many tokens a request and its answer may have together. */
  contextWindowTokens: number
  /** How many tokens an answer may have; null if no limit is known. */
  maxOutputTokens: number | null
  capabilities: Capabilities
  /** Null if nobody has said what it costs. */
  prices: Prices | null
  audience: Audience
  /** Chosen if a person has chosen no other. */
  isDefault: boolean
  uses: ModelUse[]
  /** The model that is asked instead if this one fails before its first word. */
  fallbackId: string | null
  /** Where it comes from. Only those of pages can be changed there. */
  origin: 'page' | 'file' | 'settings' | 'demo'
}
