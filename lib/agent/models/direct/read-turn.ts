import type { ModelRequest } from '@openai/agents'
import { SHOWN_NOTE, withoutFilesNote } from '#lib/mcp-client/calls/call-facts.ts'

/**
 * A tool's answer: its text, the JSON in it if it is JSON, whether the call failed, and whether the
 * chat shows it as a widget, or files of it.
 */
export type Answer = { text: string; value: unknown; failed: boolean; isShown?: boolean; hasFiles?: boolean }

/** A tool as the model is offered it. */
export type OfferedTool = { name: string; properties: Record<string, unknown>; required: string[] }

/** A turn as it is read without a model. */
export type DirectTurn = {
  /** The person's last message. */
  text: string
  /** The tools' answers since that message, in order. */
  answers: Answer[]
  /** The tools' answers before it, oldest first. */
  earlier: Answer[]
  tools: OfferedTool[]
}

/** Reads the request that the SDK sends to every model. */
export function readTurn({ input, tools }: Pick<ModelRequest, 'input' | 'tools'>): DirectTurn {
  const items =
    typeof input === 'string' ? [{ type: 'message' as const, role: 'user' as const, content: input }] : input
  const last = items.findLastIndex((item) => 'role' in item && item.role === 'user' && isSaid(textOf(item.content)))
  const said = items[last]
  const answersIn = (part: typeof items) =>
    part.flatMap((item) => (item.type === 'function_call_result' ? toAnswer(textOf(item.output)) : []))
  return {
    text: said && 'content' in said ? wordsOf(said.content).trim() : '',
    answers: answersIn(items.slice(last + 1)),
    earlier: answersIn(items.slice(0, Math.max(last, 0))),
    tools: tools.flatMap((tool) => {
      if (tool.type !== 'function') return []
      const { properties = {}, required = [] } = tool.parameters as Partial<OfferedTool>
      return { name: tool.name, properties, required }
    }),
  }
}

// Notes for the model are sent as messages of the user.
function isSaid(text: string): boolean {
  return !/^(Hidden context for the agent|A message was displayed to the user|The following graphical UI widget|The user is referring to this|# User-provided context|The person attached this resource|The person chose a prompt)/.test(
    text,
  )
}

// Attached files are parts of their own after the text, and not what the person says.
function wordsOf(content: unknown): string {
  if (!Array.isArray(content)) return textOf(content)
  return textOf(
    content.filter((part) => !/^(<Attachment name="|\[The attached file |\[There is no room for)/.test(textOf(part))),
  )
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (Array.isArray(content)) return content.map(textOf).join('\n')
  const { text } = (content ?? {}) as { text?: unknown }
  return typeof text === 'string' ? text : ''
}

const FAILED = /^The call (?:failed|was not made)\. ([\s\S]*?)(?: \([a-z_]+\))?$/

function toAnswer(told: string): Answer {
  const [, said] = FAILED.exec(told) ?? []
  if (said !== undefined) return { text: said, value: undefined, failed: true }
  if (told.endsWith(SHOWN_NOTE)) return { ...toAnswer(told.slice(0, -SHOWN_NOTE.length).trimEnd()), isShown: true }
  const rest = withoutFilesNote(told)
  if (rest !== undefined) return { ...toAnswer(rest), hasFiles: true }
  const text = told
  try {
    return { text, value: JSON.parse(text), failed: false }
  } catch {
    return { text, value: undefined, failed: false }
  }
}
