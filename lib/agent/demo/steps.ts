import type { Answer, DemoTurn, OfferedTool } from '#lib/agent/demo/read-turn.ts'
import { slashCommand } from '#lib/agent/demo/slash.ts'
import { understand } from '#lib/agent/demo/understand.ts'
import type { Person } from '#lib/data/users.ts'

/** For whom and when. `timeZone` is an IANA name. */
export type About = { person: Person; timeZone: string; now: Date }

export type Call = { tool: string; args: Record<string, unknown> }

/** What to do: say something, or make calls and go on with their answers. */
export type Plan = { say: string } | { calls: Call[]; next: (answers: Answer[]) => Plan }

/** What the model does next. */
export type Step = { say: string } | { calls: Call[] }

/**
 * The next step of a turn. There is no state: the plan is made anew from the person's message each time, and followed as
 * far as the tools have answered.
 */
export function nextStep(turn: DemoTurn, about: About): Step {
  let plan = slashCommand(turn) ?? understand(turn, about)
  const answers = [...turn.answers]
  while (!('say' in plan) && answers.length > 0) {
    const own = answers.splice(0, plan.calls.length)
    const failed = own.find((answer) => answer.failed)
    if (failed && own.length === 1) return { say: `That did not work: ${failed.text}` }
    plan = plan.next(own)
  }
  if ('say' in plan) return plan
  const calls = plan.calls.map((call) => ({ ...call, tool: findTool(turn.tools, call.tool) }))
  const missing = plan.calls.find((_, index) => calls[index]?.tool === undefined)
  if (missing) return { say: `I would need the tool \`${missing.tool}\` for that, and it is not available just now.` }
  return { calls: calls.map(({ tool, args }) => ({ tool: tool?.name ?? '', args })) }
}

/** The tool of this name, or the only one that has it after a server's name. */
export function findTool(tools: OfferedTool[], name: string): OfferedTool | undefined {
  const exact = tools.find((tool) => tool.name === name)
  if (exact) return exact
  const [only, another] = toolsLike(tools, name)
  return another ? undefined : only
}

/** The tools whose names end in this one, after a server's name. */
export function toolsLike(tools: OfferedTool[], name: string): OfferedTool[] {
  return tools.filter((tool) => tool.name.endsWith(`_${name}`))
}
