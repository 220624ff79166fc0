import { diffArrays } from 'diff'

/** A line of a comparison: in both versions, only before, or only now. */
export type ComparedLine = { kind: 'same' | 'before' | 'now'; text: string }

/** How long (ms) a comparison may take. After that both texts are shown whole. */
const TIMEOUT_MS = 200

/** Compares two texts line by line. The lines of a change come before those that replace them. */
export function compareLines(before: string[], now: string[]): ComparedLine[] {
  const changes = diffArrays(before, now, { timeout: TIMEOUT_MS }) ?? [
    { value: before, removed: true, added: false },
    { value: now, added: true, removed: false },
  ]
  return changes.flatMap(({ value, added, removed }) =>
    value.map((text) => ({ kind: added ? ('now' as const) : removed ? ('before' as const) : ('same' as const), text })),
  )
}
