import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'

/** One turn: the person's message, and everything up to the next message. */
export type TurnGroup = {
  key: string
  question: UserMessageItem | null
  answer: ThreadItem[]
  /** The first moment of its day in this machine's time zone (ms since 1970); NaN if unknown. */
  day: number
  /** True if the day is said above the turn. */
  opensDay: boolean
}
type Turn = Pick<TurnGroup, 'key' | 'question' | 'answer'>

/**
 * Groups the items of a thread by turn, in order. The first turn has no question if earlier
 * messages are not loaded. Turns that are as they were `before` keep their identity. `previous` is
 * the turn before the items.
 */
export function groupByTurn(
  items: readonly ThreadItem[],
  before: readonly TurnGroup[] = [],
  previous?: TurnGroup,
): TurnGroup[] {
  const known = new Map(before.map((group) => [group.key, group]))
  // A thread of today alone needs no day.
  let last = previous?.day ?? new Date().setHours(0, 0, 0, 0)
  return split(items).map((turn) => {
    const old = known.get(turn.key)
    const day = old && old.question === turn.question && old.answer[0] === turn.answer[0] ? old.day : dayOf(turn)
    const opensDay = !Number.isNaN(day) && day !== last
    if (opensDay) last = day
    return old && old.opensDay === opensDay && isSame(old, turn) ? old : { ...turn, day, opensDay }
  })
}

/** The items after the person's last message. */
export function listLastTurn(items: readonly ThreadItem[]): readonly ThreadItem[] {
  return items.slice(items.findLastIndex((item) => item.type === 'user_message') + 1)
}

function split(items: readonly ThreadItem[]): Turn[] {
  const turns: Turn[] = []
  for (const item of items) {
    const last = turns.at(-1)
    if (item.type === 'user_message') turns.push({ key: item.id, question: item, answer: [] })
    else if (last) last.answer.push(item)
    else turns.push({ key: item.id, question: null, answer: [item] })
  }
  return turns
}

function dayOf({ question, answer }: Turn): number {
  return new Date((question ?? answer[0])?.created_at ?? '').setHours(0, 0, 0, 0)
}

function isSame(a: Turn, b: Turn): boolean {
  return (
    a.question === b.question &&
    a.answer.length === b.answer.length &&
    a.answer.every((item, at) => item === b.answer[at])
  )
}
