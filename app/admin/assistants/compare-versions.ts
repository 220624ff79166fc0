import type { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { type ComparedLine, compareLines } from '#lib/platform/text/compare-lines.ts'
import { toVisibleJson, toVisibleText } from '#lib/platform/text/visible-text.ts'

/** Compares two versions of an assistant: the instructions as text, then everything else. */
export function compareVersions(before: AssistantConfig | null, now: AssistantConfig): ComparedLine[] {
  return compareLines(before ? linesOf(before) : [], linesOf(now))
}

/** A version as lines. What cannot be seen is made visible, because it reaches the model. */
function linesOf({ instructions, ...rest }: AssistantConfig): string[] {
  return [...toVisibleText(instructions).split('\n'), ...toVisibleJson(rest).split('\n')]
}
