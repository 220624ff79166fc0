import type { InputGroup } from '#lib/agent/input/to-model-input.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

/**
 * The index of the first item that stays as it is when older ones are summarised: the message of the
 * person with which the last turns begin that have `maxTokens` together, or the last message. Turns
 * are never parted, so neither are calls from their results. `groups` belong to the last items.
 */
export function findBoundary(items: ThreadItem[], groups: InputGroup[], maxTokens: number): number {
  const first = items.length - groups.length
  let size = 0
  let boundary: number | undefined
  for (let at = items.length - 1; at >= first; at -= 1) {
    size += groups[at - first]?.tokens ?? 0
    if (items[at]?.type !== 'user_message') continue
    if (boundary !== undefined && size > maxTokens) break
    boundary = at
  }
  return boundary ?? 0
}
