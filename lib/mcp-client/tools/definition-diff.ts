import type { ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { type ComparedLine, compareLines } from '#lib/platform/text/compare-lines.ts'
import { toVisibleJson, toVisibleText } from '#lib/platform/text/visible-text.ts'

/** Compares two definitions of a tool line by line. */
export function diffDefinitions(before: ToolDefinition | null, now: ToolDefinition): ComparedLine[] {
  return compareLines(before ? linesOf(before) : [], linesOf(now))
}

/**
 * The description as its own lines, the rest as JSON. Names, titles, parameter descriptions,
 * allowed values and defaults reach a model just as the description does, so hidden characters are
 * made visible in all of them.
 */
function linesOf({ description, ...rest }: ToolDefinition): string[] {
  return [...toVisibleText(description ?? '').split('\n'), ...toVisibleJson(rest).split('\n')]
}
