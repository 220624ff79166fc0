import { findTool, type Plan, toolsLike } from '#lib/agent/direct/plan.ts'
import type { Answer, DirectTurn, OfferedTool } from '#lib/agent/direct/read-turn.ts'

const COMMAND = /^\/([\w-]+)(?:\s+([\s\S]*))?$/

/** True for a message that calls one of these tools, or asks for their list: no model has to understand it. */
export function isDirectCall(text: string, tools: { name: string }[]): boolean {
  const name = COMMAND.exec(text.trim())?.[1]
  return name !== undefined && (name === 'tools' || tools.some((tool) => tool.name === name || tool.name.endsWith(`_${name}`)))
}

/** A message such as `/add_task title="buy milk"` as a plan; undefined where the message is no command. `/tools` lists them. */
export function slashCommand({ text, tools }: DirectTurn): Plan | undefined {
  const [, name, rest = ''] = COMMAND.exec(text) ?? []
  if (!name || name === 'help') return undefined
  if (name === 'tools') return { say: listOf(tools) }
  const tool = findTool(tools, name)
  if (!tool) return { say: unknownTool(name, tools) }
  const args = readArguments(rest, tool)
  if ('problem' in args) return { say: args.problem }
  return { calls: [{ tool: tool.name, args: args.values }], next: ([answer]) => ({ say: shown(tool.name, answer) }) }
}

function listOf(tools: OfferedTool[]): string {
  if (tools.length === 0) return 'No tools are available just now.'
  const lines = tools.map(({ name, properties, required }) => {
    const args = Object.keys(properties).map((key) => (required.includes(key) ? `${key}=…` : `[${key}=…]`))
    return `- \`${[`/${name}`, ...args].join(' ')}\``
  })
  return `These tools can be called:\n\n${lines.join('\n')}`
}

function unknownTool(name: string, tools: OfferedTool[]): string {
  const alike = toolsLike(tools, name)
  if (alike.length > 0)
    return `Several servers have a tool of that name. Which one do you mean? ${alike.map((tool) => `\`/${tool.name}\``).join(', ')}`
  return `There is no tool \`${name}\`. \`/tools\` lists those that there are.`
}

/** A block of text as it is, whatever it has in it. */
function fenced(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

function shown(tool: string, answer: Answer | undefined): string {
  if (answer?.value !== undefined && typeof answer.value === 'object')
    return `\`${tool}\` answered:\n\n${fenced(JSON.stringify(answer.value, null, 2), 'json')}`
  return `\`${tool}\` answered:\n\n${fenced(answer?.text ?? '')}`
}

type Read = { values: Record<string, unknown> } | { problem: string }

const KEY = /([\w.-]+)=/y

function readArguments(text: string, tool: OfferedTool): Read {
  const values: Record<string, unknown> = {}
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at] ?? '')) {
      at += 1
      continue
    }
    KEY.lastIndex = at
    const key = KEY.exec(text)?.[1]
    if (key === undefined) return at === 0 ? onlyArgument(text, tool) : problem(text.slice(at))
    const end = endOfValue(text, at + key.length + 1)
    if (end === undefined) return problem(text.slice(at))
    values[key] = readValue(text.slice(at + key.length + 1, end), tool.properties[key])
    at = end
  }
  return { values }
}

/** `/add_task buy milk`: a tool with one required text argument needs no key. */
function onlyArgument(text: string, tool: OfferedTool): Read {
  const [key, another] = tool.required
  if (text.startsWith('{')) {
    try {
      return { values: JSON.parse(text) }
    } catch {
      return problem(text)
    }
  }
  return key && another === undefined ? { values: { [key]: readValue(text.trim(), tool.properties[key]) } } : problem(text)
}

function problem(near: string): Read {
  return {
    problem: `I could not read \`${near.slice(0, 60).replaceAll('`', "'")}\`. Write arguments as \`key=value\`, \`key="several words"\` or \`key={"json": true}\`.`,
  }
}

/** Where the value that begins at `start` ends: after its closing quote or bracket, or at the next space. */
function endOfValue(text: string, start: number): number | undefined {
  const first = text[start] ?? ''
  if (!'"\'{['.includes(first) || first === '') {
    const space = text.slice(start).search(/\s/)
    return space < 0 ? text.length : start + space
  }
  let quote = ''
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (quote) {
      if (char === '\\') at += 1
      else if (char === quote) quote = ''
    } else if (char === '"' || (char === "'" && at === start)) quote = char
    else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') depth -= 1
    if (!quote && depth === 0) return at + 1
  }
  return undefined
}

function readValue(text: string, schema: { type?: unknown } | undefined): unknown {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("\\'", "'")
  // "title=123" is a text where the tool wants one.
  if (schema?.type === 'string' && !text.startsWith('"')) return text
  try {
    return JSON.parse(text)
  } catch {
    return text.startsWith('"') ? text.slice(1, -1).replaceAll('\\"', '"') : text
  }
}
