import type { About } from '#lib/agent/models/demo/about.ts'
import type { Plan } from '#lib/agent/models/direct/plan.ts'
import type { DirectTurn } from '#lib/agent/models/direct/read-turn.ts'

/** A way to say something, and what is meant by it. The first that matches counts; undefined means: not this after all. */
export type Rule = [
  pattern: RegExp,
  plan: (groups: Record<string, string>, about: About, turn: DirectTurn) => Plan | undefined,
]
