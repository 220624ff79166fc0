import type { ThreadItem, WidgetNode, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { action } from '#lib/chatkit/server/widgets/actions.ts'
import { Button, Caption, Card, Markdown, Row, Text, Title } from '#lib/chatkit/server/widgets/components.ts'
import type { MemoryText } from '#lib/data/people/memories.ts'
import { env } from '#lib/platform/env.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/** What the buttons of a card do. */
export const MEMORY_ACTIONS = ['memory.keep', 'memory.drop'] as const

const KEY = 'memory'
const FACT_ID = 'fact'
const NAMES_MAX = 3

/** How a card was answered. */
export type MemoryAnswer = 'kept' | 'dropped'

const ANSWERED: Record<MemoryAnswer, string> = {
  kept: 'Remembered.',
  dropped: 'Not remembered.',
}

/**
 * Asks the person whether to remember a fact. `sources` is where content in the conversation comes
 * from that others may have written: the fact may be theirs.
 */
export function makeMemoryCard(fact: MemoryText, sources: string[]): WidgetRoot {
  return Card({
    key: KEY,
    size: 'sm',
    children: [
      Title({ value: 'Remember this?', size: 'sm' }),
      Text({ id: FACT_ID, value: fact }),
      ...(sources.length > 0 ? [Caption({ value: warn(sources) })] : []),
      Row({
        wrap: 'wrap',
        gap: 2,
        children: [
          Button({ label: 'Remember', style: 'primary', onClickAction: action('memory.keep') }),
          Button({ label: 'No', style: 'secondary', onClickAction: action('memory.drop') }),
        ],
      }),
    ],
  })
}

/** The same card after it was answered, or for a fact that the person told us to remember. */
export function makeAnsweredCard(fact: string, answer: MemoryAnswer): WidgetRoot {
  const where = `[Settings, Memory](${env().APP_URL}/settings/memory)`
  return Card({
    key: KEY,
    size: 'sm',
    children: [
      Text({ id: FACT_ID, value: fact }),
      Caption({ value: ANSWERED[answer] }),
      ...(answer === 'kept' ? [Markdown({ value: `See and change it under ${where}.` })] : []),
    ],
  })
}

export function isMemoryCard(item: ThreadItem): boolean {
  return item.type === 'widget' && item.widget.key === KEY
}

/** The fact that a card asks about; undefined for a card that is answered, and for other items. */
export function findPendingFact(item: ThreadItem | null): MemoryText | undefined {
  if (item?.type !== 'widget' || !isMemoryCard(item)) return undefined
  const children = (item.widget.children ?? []) as WidgetNode[]
  if (!children.some(({ type }) => type === 'Row')) return undefined
  const value = children.find(({ id }) => id === FACT_ID)?.value
  // Ours, as `makeMemoryCard` wrote it.
  return typeof value === 'string' ? (value as MemoryText) : undefined
}

function warn(sources: string[]): string {
  const names = sources.slice(0, NAMES_MAX).map((name) => toVisibleText(name))
  if (sources.length > NAMES_MAX) names.push(`${sources.length - NAMES_MAX} more`)
  const list = new Intl.ListFormat('en').format(names)
  return `This conversation holds content from ${list} that others may have written. Keep this only if it is true.`
}
