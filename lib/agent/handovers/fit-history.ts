import type { AgentInputItem } from '@openai/agents'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'

/** How much of a model's window the conversation may have that is handed to it. */
const SHARE = 0.5

/**
 * The newest part of a conversation that fits into the window of the model that it is handed to,
 * from one message of the person on: its last message at least. Another assistant may have read more.
 */
export function fitHistory(history: AgentInputItem[], windowTokens: number): AgentInputItem[] {
  let room = windowTokens * SHARE
  let start = history.length
  for (let index = history.length - 1; index >= 0; index -= 1) {
    const item = history[index]
    room -= estimateTokens(item)
    const isFirst = start === history.length
    if (room < 0 && !isFirst) break
    if (item && 'role' in item && item.role === 'user') start = index
  }
  return start === 0 || start === history.length ? history : history.slice(start)
}
