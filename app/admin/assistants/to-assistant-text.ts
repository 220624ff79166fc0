import type { KnownAssistant } from '#lib/agent/assistants/known-assistant.ts'
import type { Handovers, ToolChoice } from '#lib/data/assistants/assistant-config.ts'

/** Which tools an assistant may use, in a few words. */
export function toToolText(tools: ToolChoice): string {
  if (tools.kind !== 'chosen') return tools.kind === 'all' ? 'All of the person' : 'None'
  const parts = tools.servers.map((choice) =>
    choice.tools.length > 0 ? `${choice.server}: ${choice.tools.join(', ')}` : choice.server,
  )
  return parts.join('; ') || 'None'
}

/** To whom an assistant may hand over, by name. */
export function toHandoverText(handovers: Handovers, assistants: KnownAssistant[]): string {
  if (handovers.kind !== 'chosen') return handovers.kind === 'all' ? 'Every other' : 'Nobody'
  const names = handovers.assistants.map((slug) => assistants.find((one) => one.slug === slug)?.config.name ?? slug)
  return names.join(', ') || 'Nobody'
}
