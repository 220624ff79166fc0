import { isDeepStrictEqual } from 'node:util'
import type { WidgetUpdate } from '#lib/chatkit/protocol/events.ts'
import type { WidgetNode, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { withoutNulls } from '#lib/chatkit/server/operations/wire.ts'

/** The components whose `value` can stream into the client piece by piece. */
const STREAMED = new Set(['Text', 'Markdown'])

/**
 * The updates from one state of a widget to the next (protocol section 1.13): none, text appended
 * to components with an id, or the whole widget. No change is lost: if appended text cannot be sent
 * as a delta (no id, or a duplicate id), the whole widget is replaced.
 */
export function diffWidget(before: WidgetRoot, after: WidgetRoot): WidgetUpdate[] {
  const [old, now] = [withoutNulls(before), withoutNulls(after)]
  const deltas: Delta[] = []
  const same = compare(old, now, deltas)
  const ids = new Map<unknown, number>()
  if (same) countIds(now, ids)
  if (!same || deltas.some(({ component_id }) => component_id === undefined || ids.get(component_id) !== 1))
    return [{ type: 'widget.root.updated', widget: now }]
  return deltas as WidgetUpdate[]
}

type Delta = {
  type: 'widget.streaming_text.value_delta'
  component_id: string | undefined
  delta: string
  done: boolean
}

/** False if anything but appended text differs. Adds appended texts to `deltas`. */
function compare(old: unknown, now: unknown, deltas: Delta[]): boolean {
  if (Array.isArray(old) && Array.isArray(now))
    return old.length === now.length && old.every((entry, at) => compare(entry, now[at], deltas))
  if (!isNode(old) || !isNode(now)) return isDeepStrictEqual(old, now)
  const grown = appended(old, now)
  if (grown !== undefined)
    deltas.push({
      type: 'widget.streaming_text.value_delta',
      component_id: now.id,
      delta: grown,
      done: now.streaming !== true,
    })
  const names = new Set([...Object.keys(old), ...Object.keys(now)])
  if (grown !== undefined) names.delete('value')
  for (const name of names) if (!(name in old && name in now && compare(old[name], now[name], deltas))) return false
  return true
}

function appended(old: WidgetNode, now: WidgetNode): string | undefined {
  if (
    old.type !== now.type ||
    !STREAMED.has(now.type) ||
    typeof old.value !== 'string' ||
    typeof now.value !== 'string'
  )
    return undefined
  return old.value !== now.value && now.value.startsWith(old.value) ? now.value.slice(old.value.length) : undefined
}

function countIds(value: unknown, counts: Map<unknown, number>): void {
  if (Array.isArray(value)) for (const entry of value) countIds(entry, counts)
  else if (isNode(value)) {
    if (value.id !== undefined) counts.set(value.id, (counts.get(value.id) ?? 0) + 1)
    countIds(value.children, counts)
  }
}

/** True for a component. Other objects (colours, actions, chart rows) are compared as a whole. */
function isNode(value: unknown): value is WidgetNode {
  return value !== null && typeof value === 'object' && typeof (value as WidgetNode).type === 'string'
}
