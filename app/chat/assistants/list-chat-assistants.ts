import { listUsableAssistants } from '#lib/agent/assistants/usable-assistants.ts'
import type { AudienceMember } from '#lib/data/audience.ts'
import type { ChatAssistant } from './chat-assistant.ts'

/** The assistants of a person's chat, with what people see of them. */
export async function listChatAssistants(person: AudienceMember): Promise<[ChatAssistant, ...ChatAssistant[]]> {
  const usable = await listUsableAssistants(person)
  const shown = usable.map(({ slug, config: { name, description, colour, picture, start } }) => ({
    ...{ slug, name, description, colour, picture, start },
  }))
  return shown as [ChatAssistant, ...ChatAssistant[]]
}
