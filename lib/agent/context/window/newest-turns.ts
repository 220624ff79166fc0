import type { AgentInputItem } from '@openai/agents'
import { isPinnedInput } from '#lib/agent/context/window/pinned-input.ts'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'

/** How much of a model's window a conversation may have that another model has read. */
const SHARE = 0.5

/**
 * The newest part of a conversation that fits into a model's window, from one message of the person
 * on: its last message at least, and what the person has pinned of the rest. Another model may have
 * read more of it.
 */
export function takeNewestTurns(history: AgentInputItem[], windowTokens: number): AgentInputItem[] {
  const pinned = history.filter(isPinnedInput)
  let room = windowTokens * SHARE - estimateTokens(pinned)
  let start = history.length
  for (let index = history.length - 1; index >= 0; index -= 1) {
    const item = history[index]
    if (!item || isPinnedInput(item)) continue
    room -= estimateTokens(item)
    const isFirst = start === history.length
    if (room < 0 && !isFirst) break
    if ('role' in item && item.role === 'user') start = index
  }
  if (start === 0 || start === history.length) return history
  return [...history.slice(0, start).filter(isPinnedInput), ...history.slice(start)]
}
