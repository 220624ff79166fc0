import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { ModelApi } from '#lib/data/models/model-facts.ts'
import type { Reach } from '#lib/platform/net/pinned-fetch.ts'

/** How to reach a server of models. Holds its key, so it is never given to a page or a log. */
export type ProviderAccess = {
  id: string
  name: string
  baseUrl: string
  api: ModelApi
  /** Undefined for servers that need none. */
  key: string | undefined
  headers: Record<string, string>
  /** Where its requests may go. Null: the operator's own word, so anywhere. */
  reach: Reach | null
  /** False if its secrets were sealed under another APP_SECRET. Nothing is sent then. */
  isReadable: boolean
}

/** What one source offers: the settings, a file, the pages. */
export type Source = { models: OfferedModel[]; providers: ProviderAccess[] }
