import { PLACE_NAMES } from '#lib/agent/assistants/fill-placeholders.ts'
import { listAssistants } from '#lib/agent/assistants/list-assistants.ts'
import { listOfferedModels } from '#lib/agent/models/catalog/models-for.ts'
import { COLOURS, PICTURES } from '#lib/data/assistants/assistant-config.ts'
import { REASONING_LEVELS } from '#lib/data/models/model-facts.ts'
import { listAllServers } from '#lib/mcp-client/servers/mcp-servers.ts'
import type { Choices } from './assistant-fields.tsx'

/** What the form of the assistant `slug` chooses from. */
export async function listChoices(slug?: string): Promise<Choices> {
  const [models, servers, assistants] = await Promise.all([listOfferedModels(), listAllServers(), listAssistants()])
  return {
    colours: COLOURS,
    pictures: PICTURES,
    places: PLACE_NAMES,
    reasoning: REASONING_LEVELS,
    models: models.filter(({ uses }) => uses.includes('chat')).map(({ id, name }) => ({ id, name })),
    servers: servers.map(({ name }) => name),
    assistants: assistants
      .filter((assistant) => assistant.slug !== slug)
      .map((assistant) => ({ slug: assistant.slug, name: assistant.config.name })),
  }
}
