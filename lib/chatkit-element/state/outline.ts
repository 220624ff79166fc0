import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { groupByTurn, type TurnGroup } from '#lib/chatkit-element/state/turn-groups.ts'

/**
 * Turns that follow one another and are drawn and skipped together, so that a browser looks at a
 * hundred boxes rather than at thousands.
 */
export type Chapter = { id: number; groups: readonly TurnGroup[] }
/** A thread as it is drawn. */
export type Outline = { items: readonly ThreadItem[]; groups: readonly TurnGroup[]; chapters: readonly Chapter[] }

export const EMPTY_OUTLINE: Outline = { items: [], groups: [], chapters: [] }

const TURNS_MAX = 16

/**
 * Divides a thread into turns and chapters. Whatever is as it was `before` keeps its identity, and
 * costs nothing but a comparison: this runs for every frame of an answer.
 */
export function toOutline(items: readonly ThreadItem[], before: Outline): Outline {
  if (items === before.items) return before
  const { kept, from } = countKept(items, before)
  const rest = groupByTurn(items.slice(from), before.groups.slice(kept), before.groups[kept - 1])
  const groups = [...before.groups.slice(0, kept), ...rest]
  return { items, groups, chapters: toChapters(groups, before.chapters) }
}

/** How many turns at the beginning are complete and unchanged, and how many items they have. */
function countKept(items: readonly ThreadItem[], before: Outline): { kept: number; from: number } {
  let same = 0
  while (same < items.length && items[same] === before.items[same]) same += 1
  let [kept, from] = [0, 0]
  for (const { question, answer } of before.groups) {
    const end = from + answer.length + (question ? 1 : 0)
    // What follows may belong to the last of them.
    if (end >= same) break
    kept += 1
    from = end
  }
  return { kept, from }
}

/**
 * A turn stays in its chapter: later turns are added at the end, and earlier ones get chapters of
 * their own.
 */
function toChapters(groups: readonly TurnGroup[], before: readonly Chapter[]): Chapter[] {
  const kept = before.slice(0, Math.max(0, countSame(groups, before) - 1))
  const changed = before.slice(kept.length)
  const home = new Map(changed.flatMap(({ id, groups: all }) => all.map(({ key }) => [key, id] as const)))
  let next = before.reduce((most, { id }) => Math.max(most, id), 0) + 1
  const made: { id: number; groups: TurnGroup[] }[] = []
  for (const group of groups.slice(kept.reduce((sum, chapter) => sum + chapter.groups.length, 0))) {
    const last = made.at(-1)
    const id = home.get(group.key) ?? (last && last.groups.length < TURNS_MAX ? last.id : next++)
    if (last?.id === id) last.groups.push(group)
    else made.push({ id, groups: [group] })
  }
  const known = new Map(changed.map((chapter) => [chapter.id, chapter]))
  return [
    ...kept,
    ...made.map((chapter) => {
      const old = known.get(chapter.id)
      return old && isSame(old.groups, chapter.groups) ? old : chapter
    }),
  ]
}

/** How many chapters at the beginning have the same turns. */
function countSame(groups: readonly TurnGroup[], before: readonly Chapter[]): number {
  let at = 0
  const changed = before.findIndex(({ groups: all }) => !all.every((group) => group === groups[at++]))
  return changed < 0 ? before.length : changed
}

function isSame(a: readonly TurnGroup[], b: readonly TurnGroup[]): boolean {
  return a.length === b.length && a.every((group, at) => group === b[at])
}
