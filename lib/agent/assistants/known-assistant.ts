import type { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'

/** An assistant that may answer, wherever it was written. */
export type KnownAssistant = {
  slug: string
  config: AssistantConfig
  /** Only those of pages can be changed there. */
  origin: 'built-in' | 'page' | 'file'
  /** Null for Switchboard as it is built in. */
  version: { id: string; number: number; savedAt: Date } | null
}
