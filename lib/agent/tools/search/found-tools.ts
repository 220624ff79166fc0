import type { FindableTool } from '#lib/agent/tools/search/tool-index.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

// The names come first, so that they survive when a later turn keeps only the beginning.
type Found = { found: string[]; tools: object[]; note?: string }

/** The most (characters) that the model reads of what was found. */
const TOTAL_MAX_CHARS = 24_000
const OUTLINE_MAX_CHARS = 2_000
const DESCRIPTION_MAX_CHARS = 300
/** An outlined tool with its names. */
const OUTLINED_MAX_CHARS = 2_700

/**
 * What the model is told of the tools that were found, as JSON: name, server, description and
 * schema of the arguments, 24,000 characters at most. A schema without room is only outlined. Of a
 * tool that is among the model's own (`isShown`), it has the schema already.
 */
export function describeFound(tools: FindableTool[], isShown: (name: string) => boolean): string {
  const described: object[] = []
  let room = TOTAL_MAX_CHARS
  for (const [place, tool] of tools.entries()) {
    const others = (tools.length - place - 1) * OUTLINED_MAX_CHARS
    const entry = isShown(tool.name) ? describeShown(tool) : describeHidden(tool, room - others)
    room -= JSON.stringify(entry).length
    described.push(entry)
  }
  const told: Found = { found: tools.map(({ name }) => name), tools: described }
  if (tools.length === 0) told.note = 'No tool fits. Try other words for what it does or works with.'
  return JSON.stringify(told)
}

/** The names of found tools in an answer of `describeFound`, which may have been cut. */
export function readFoundNames(output: string): string[] {
  const list = /^\{"found":\[([^\]]*)\]/.exec(output)?.[1] ?? ''
  return [...list.matchAll(/"([A-Za-z0-9_-]+)"/g)].map(([, name = '']) => name)
}

function describeShown({ name, server }: FindableTool): object {
  return { name, server, note: 'This is one of your own tools: call it directly.' }
}

function describeHidden({ name, server, description, parameters }: FindableTool, room: number): object {
  const whole = { name, server, description, arguments: parameters }
  if (JSON.stringify(whole).length <= room) return whole
  return {
    name,
    server,
    description: cutText(toPlainText(description), DESCRIPTION_MAX_CHARS),
    arguments: cutText(toPlainText(outlineOf(parameters)), OUTLINE_MAX_CHARS),
  }
}

function outlineOf({ properties = {}, required = [] }: FindableTool['parameters']): string {
  const parts = Object.entries(properties).map(([name, schema]) => {
    const { type } = (schema ?? {}) as { type?: unknown }
    return `${name} (${[type ?? 'any', required.includes(name) && 'required'].filter(Boolean).join(', ')})`
  })
  return `A schema too long to be shown, with: ${parts.join('; ')}`
}

/** A text that is no longer as JSON than it is. */
function toPlainText(text: string): string {
  return text.replace(/[\p{C}"\\]+/gu, ' ')
}
