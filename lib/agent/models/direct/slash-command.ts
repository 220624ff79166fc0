import { findSimilarTools, findTool, type Plan } from '#lib/agent/models/direct/plan.ts'
import { describeUsage, readArguments } from '#lib/agent/models/direct/read-arguments.ts'
import type { Answer, DirectTurn, OfferedTool } from '#lib/agent/models/direct/read-turn.ts'

const COMMAND = /^\/([\w-]+)(?:\s+([\s\S]*))?$/

/**
 * True for a message that calls one of these tools or asks for their list, so that no model is
 * needed.
 */
export function isDirectCall(text: string, tools: { name: string }[]): boolean {
  const { name } = readCommand(text.trim())
  return name !== undefined && (name === 'tools' || tools.some((tool) => isNamed(tool.name, name)))
}

/**
 * A message such as `/add_task title="buy milk"` as a plan; undefined if the message is not a
 * command. `/tools` lists the tools.
 */
export function readSlashCommand({ text, tools }: DirectTurn, switchedOff: readonly string[] = []): Plan | undefined {
  const { name, rest } = readCommand(text)
  if (!name || name === 'help') return undefined
  if (name === 'tools') return { say: listOf(tools) }
  const tool = findTool(tools, name)
  if (!tool)
    return { say: switchedOff.some((off) => isNamed(off, name)) ? switchedOffTool(name) : unknownTool(name, tools) }
  const args = readArguments(rest, tool)
  if ('problem' in args) return { say: args.problem }
  return {
    calls: [{ tool: tool.name, args: args.values }],
    next: ([answer]) => ({ say: formatShown(tool.name, answer) }),
  }
}

function isNamed(tool: string, name: string): boolean {
  return tool === name || tool.endsWith(`_${name}`)
}

function switchedOffTool(name: string): string {
  return `The tool \`${name}\` is switched off for this conversation. Switch it on under “Servers and tools” at the top of the chat.`
}

/** A server may write `get-sum` for a tool that is offered as `get_sum`. */
function readCommand(text: string): { name: string | undefined; rest: string } {
  const [, name, rest = ''] = COMMAND.exec(text) ?? []
  return { name: name?.replaceAll('-', '_'), rest }
}

function listOf(tools: OfferedTool[]): string {
  if (tools.length === 0) return 'No tools are available just now.'
  return `These tools can be called:\n\n${tools.map((tool) => `- \`${describeUsage(tool)}\``).join('\n')}`
}

function unknownTool(name: string, tools: OfferedTool[]): string {
  const alike = findSimilarTools(tools, name)
  if (alike.length > 0)
    return `Several servers have a tool of that name. Which one do you mean? ${alike.map((tool) => `\`/${tool.name}\``).join(', ')}`
  const near = nearest(name, tools)
  if (near.length > 0)
    return `There is no tool \`${name}\`. Did you mean ${near.map((other) => `\`/${other}\``).join(' or ')}?`
  return `There is no tool \`${name}\`. \`/tools\` lists those that there are.`
}

/** Up to three names that begin or end like this one, or share a word with it. */
function nearest(name: string, tools: OfferedTool[]): string[] {
  const wanted = name.toLowerCase()
  const words = new Set(wanted.split(/[_-]+/).filter((word) => word.length > 2))
  const score = (other: string) => {
    const candidate = other.toLowerCase()
    if (candidate.startsWith(wanted) || candidate.endsWith(wanted)) return 2
    return candidate.split('_').some((word) => words.has(word)) ? 1 : 0
  }
  const scored = tools.map((tool) => ({ name: tool.name, score: score(tool.name) })).filter((it) => it.score > 0)
  return scored
    .sort((one, other) => other.score - one.score)
    .slice(0, 3)
    .map((it) => it.name)
}

/** A block of code that shows the text as it is, whatever it contains. */
function toFence(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

function formatShown(tool: string, answer: Answer | undefined): string {
  if (answer?.hasFiles && answer.text === '') return `\`${tool}\` answered with what you see above.`
  if (answer?.value !== undefined && typeof answer.value === 'object')
    return `\`${tool}\` answered:\n\n${toFence(JSON.stringify(answer.value, null, 2), 'json')}`
  return `\`${tool}\` answered:\n\n${toFence(answer?.text ?? '')}`
}
