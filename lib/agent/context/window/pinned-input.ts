import type { AgentInputItem } from '@openai/agents'

/** How the message begins that has what the person pinned. */
const HEAD = 'Hidden context for the agent (not shown to the user):\n<HiddenContext pinned>\n'

/**
 * A message with what the person pinned of the messages that are left out. `id` is unknown to the
 * authors of `words`, so that none can end them early.
 */
export function toPinnedInput(id: string, words: string): AgentInputItem {
  const text = `${HEAD}The person keeps these messages of the part that is left out in the context. They are as they were said:
<Pinned ${id}>
${words}
</Pinned ${id}>
</HiddenContext>`
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
}

/** True for such a message, which stays however small a model's window is. */
export function isPinnedInput(item: AgentInputItem): boolean {
  if (!('role' in item) || item.role !== 'user' || typeof item.content === 'string') return false
  const [part] = item.content
  return part?.type === 'input_text' && part.text.startsWith(HEAD)
}
