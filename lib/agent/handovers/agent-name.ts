import { DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'

/** The name of the default assistant's agent. No slug has a capital letter. */
const DEFAULT_NAME = 'Switchboard'

/** The name by which the SDK knows an assistant, also in stored states. */
export function toAgentName(slug: string): string {
  return slug === DEFAULT_SLUG ? DEFAULT_NAME : slug
}

/** The assistant's slug by its agent's name. */
export function toSlug(agentName: string): string {
  return agentName === DEFAULT_NAME ? DEFAULT_SLUG : agentName
}
