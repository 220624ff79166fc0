import type { AgentInputItem } from '@openai/agents'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'

/** How much of a model's window a conversation may have that another model has read. */
const SHARE = 0.5

/**
 * The newest part of a conversation that fits into a model's window, from one message of the person
 * on: its last message at least. Another model may have read more of it.
 */
export function takeNewestTurns(history: AgentInputItem[], windowTokens: number): AgentInputItem[] {
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
