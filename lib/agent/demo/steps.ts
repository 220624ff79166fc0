import type { About } from '#lib/agent/demo/about.ts'
import { understand } from '#lib/agent/demo/understand.ts'
import { followed, type Step } from '#lib/agent/direct/plan.ts'
import type { DirectTurn } from '#lib/agent/direct/read-turn.ts'
import { slashCommand } from '#lib/agent/direct/slash.ts'

/** The next step of a turn. There is no state: the plan is made anew from the person's message each time. */
export function nextStep(turn: DirectTurn, about: About): Step {
  return followed(slashCommand(turn) ?? understand(turn, about), turn)
}
