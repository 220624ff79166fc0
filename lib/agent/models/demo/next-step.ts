import type { About } from '#lib/agent/models/demo/about.ts'
import { understand } from '#lib/agent/models/demo/understand.ts'
import { followPlan, type Step } from '#lib/agent/models/direct/plan.ts'
import type { DirectTurn } from '#lib/agent/models/direct/read-turn.ts'
import { readSlashCommand } from '#lib/agent/models/direct/slash-command.ts'

/**
 * The next step of a turn. There is no state: the plan is rebuilt from the person's message each
 * time.
 */
export function planNextStep(turn: DirectTurn, about: About): Step {
  return followPlan(readSlashCommand(turn) ?? understand(turn, about), turn)
}
