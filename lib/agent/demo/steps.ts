import { understand } from '#lib/agent/demo/understand.ts'
import { followed, type Step } from '#lib/agent/direct/plan.ts'
import type { DirectTurn } from '#lib/agent/direct/read-turn.ts'
import { slashCommand } from '#lib/agent/direct/slash.ts'
import type { Person } from '#lib/data/users.ts'

/** For whom and when. `timeZone` is an IANA name. */
export type About = { person: Person; timeZone: string; now: Date }

/** The next step of a turn. There is no state: the plan is made anew from the person's message each time. */
export function nextStep(turn: DirectTurn, about: About): Step {
  return followed(slashCommand(turn) ?? understand(turn, about), turn)
}
