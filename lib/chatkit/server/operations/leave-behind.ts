import type { PlaceOnPath, Store } from '#lib/chatkit/protocol/store.ts'
import { listItemsSince } from '#lib/chatkit/server/operations/last-turn.ts'
import { notFound } from '#lib/platform/errors.ts'

/**
 * Takes the end of a path off it: as a branch, or for good if the store keeps none. Throws
 * not_found.
 */
export async function leaveBehind(store: Store, threadId: string, place: PlaceOnPath): Promise<void> {
  if (store.branches) return store.branches.setAside(threadId, place)
  const first = 'after' in place ? place.after : place.from
  const { start, after } = await listItemsSince(store, threadId, ({ id }) => id === first)
  // The message was deleted meanwhile, so nothing can be newer than it.
  if (!start) throw notFound('The item')
  for (const { id } of 'after' in place ? after : [...after, start]) await store.deleteItem(threadId, id)
}
