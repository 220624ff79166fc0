import type { ContextLimits } from '#lib/agent/context/window/context-limits.ts'
import type { CountTokens } from '#lib/agent/input/count-tokens.ts'

/** The room that is left for an answer (tokens), if the model's own limit is not known or is huge. */
const ANSWER_TOKENS = 16_000
/** The most of a window that is left for the answer. */
const ANSWER_SHARE = 0.25
/** Models count a little differently, and put words of their own around the tools. */
const MARGIN = 0.05
/** The least of a window that the conversation gets, however many tools there are. */
const LEAST_SHARE = 0.1

/** How a model's window is shared (tokens): all that a request may have, and the conversation of it. */
export type ContextBudget = { request: number; conversation: number }

/**
 * Shares a model's window: room for an answer and a margin are taken off it, then the instructions
 * and the definitions of the tools.
 */
export function shareWindow(
  { windowTokens, maxOutputTokens }: ContextLimits,
  { instructions, tools }: { instructions: string; tools: readonly unknown[] },
  count: CountTokens,
): ContextBudget {
  const answer = Math.min(maxOutputTokens ?? ANSWER_TOKENS, ANSWER_TOKENS, Math.floor(windowTokens * ANSWER_SHARE))
  const request = Math.floor((windowTokens - answer) * (1 - MARGIN))
  const left = request - count(instructions) - tools.reduce<number>((sum, tool) => sum + count(toDefinition(tool)), 0)
  return { request, conversation: Math.max(left, Math.floor(windowTokens * LEAST_SHARE)) }
}

/** What the model reads of a tool. */
function toDefinition(tool: unknown): unknown {
  const { name, description, parameters } = tool as Record<string, unknown>
  return { name, description, parameters }
}
