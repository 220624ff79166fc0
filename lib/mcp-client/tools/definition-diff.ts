import type { ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { toVisibleJson, toVisibleText } from '#lib/platform/text/visible-text.ts'

/** A line of a comparison: in both versions, only before, or only now. */
export type DiffLine = { kind: 'same' | 'before' | 'now'; text: string }

// The work grows with the product of the differing lines, and a page shows the definitions of many
// tools.
const PAIRS_MAX = 100_000

/**
 * Compares two definitions of a tool line by line. If more than about 300 lines lie between the
 * first and the last difference, those are shown whole instead.
 */
export function diffDefinitions(before: ToolDefinition | null, now: ToolDefinition): DiffLine[] {
  const [a, b] = [before ? linesOf(before) : [], linesOf(now)]
  const shorter = Math.min(a.length, b.length)
  let head = 0
  while (head < shorter && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < shorter - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1
  const same = (from: number, to: number) => only('same', b.slice(from, to))
  const middle = compare(a.slice(head, a.length - tail), b.slice(head, b.length - tail))
  return [...same(0, head), ...middle, ...same(b.length - tail, b.length)]
}

function compare(a: string[], b: string[]): DiffLine[] {
  if (a.length * b.length > PAIRS_MAX) return [...only('before', a), ...only('now', b)]
  // lengths[i][j] is the length of the longest common subsequence of lines of a from i and b from
  // j.
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = lengths[i]
      if (row) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '' })
      i += 1
      j += 1
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: 'before', text: a[i] ?? '' })
      i += 1
    } else {
      lines.push({ kind: 'now', text: b[j] ?? '' })
      j += 1
    }
  }
  return lines
}

const only = (kind: DiffLine['kind'], lines: string[]) => lines.map((text) => ({ kind, text }))

/**
 * The description as its own lines, the rest as JSON. Names, titles, parameter descriptions,
 * allowed values and defaults reach a model just as the description does, so hidden characters are
 * made visible in all of them.
 */
function linesOf({ description, ...rest }: ToolDefinition): string[] {
  return [...toVisibleText(description ?? '').split('\n'), ...toVisibleJson(rest).split('\n')]
}
