import type { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'

/** An assistant as the chat offers it to a person. The first one of a list is the default. */
export type ChatAssistant = { slug: string } & Pick<
  AssistantConfig,
  'name' | 'description' | 'colour' | 'picture' | 'start'
>
