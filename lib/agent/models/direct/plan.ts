import type { Answer, DirectTurn, OfferedTool } from '#lib/agent/models/direct/read-turn.ts'

export type Call = { tool: string; args: Record<string, unknown> }

/** What to do: say something, or make calls and continue with their answers. */
export type Plan = { say: string } | { calls: Call[]; next: (answers: Answer[]) => Plan }

/** The next thing to do. */
export type Step = { say: string } | { calls: Call[] }

/**
 * The next step of a plan. It starts at the beginning of the plan and follows it as far as the
 * tools have answered.
 */
export function followPlan(begun: Plan, turn: DirectTurn): Step {
  let plan = begun
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

/** The tool with this name, or the only one that has it after a server's prefix. */
export function findTool(tools: OfferedTool[], name: string): OfferedTool | undefined {
  const exact = tools.find((tool) => tool.name === name)
  if (exact) return exact
  const [only, another] = findSimilarTools(tools, name)
  return another ? undefined : only
}

/** The tools that have this name after a server's prefix. */
export function findSimilarTools(tools: OfferedTool[], name: string): OfferedTool[] {
  return tools.filter((tool) => tool.name.endsWith(`_${name}`))
}
