import type { About } from '#lib/agent/models/demo/about.ts'
import type { Plan } from '#lib/agent/models/direct/plan.ts'
import type { DirectTurn } from '#lib/agent/models/direct/read-turn.ts'

/**
 * A pattern of what people say, and the plan for it. The first rule that matches counts. If its
 * plan is undefined, the next one is tried.
 */
export type Rule = [
  pattern: RegExp,
  plan: (groups: Record<string, string>, about: About, turn: DirectTurn) => Plan | undefined,
]
