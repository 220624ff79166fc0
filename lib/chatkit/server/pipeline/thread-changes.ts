import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { toWireThread } from '#lib/chatkit/server/operations/wire.ts'
import { cleanTitle } from '#lib/chatkit/server/title.ts'

const FIELDS = ['title', 'status', 'allowed_image_domains', 'metadata'] as const
type Field = (typeof FIELDS)[number]

/**
 * Detects that a turn changed its thread object, saves the changed fields and announces them
 * (protocol section 1.6, pipeline 2).
 */
export class ThreadChanges {
  readonly #thread: Thread
  readonly #store: Store
  #seen: string[]

  constructor(thread: Thread, store: Store) {
    this.#thread = thread
    this.#store = store
    this.#seen = snapshot(thread)
  }

  /**
   * Saves what changed since the last call and returns the event to send; undefined if nothing did.
   */
  save(): Promise<ThreadStreamEvent> | undefined {
    const now = snapshot(this.#thread)
    const changed = FIELDS.filter((_, index) => now[index] !== this.#seen[index])
    return changed.length === 0 ? undefined : this.#save(changed)
  }

  async #save(changed: Field[]): Promise<ThreadStreamEvent> {
    if (changed.includes('title') && this.#thread.title != null)
      this.#thread.title = cleanTitle(this.#thread.title) || undefined
    const saving = snapshot(this.#thread)
    // Writes only what this turn changed: the person may have renamed the thread meanwhile.
    const fields = Object.fromEntries(changed.map((field) => [field, this.#thread[field]]))
    const merged = await this.#store.changeThread(this.#thread.id, fields)
    this.#seen = snapshot(merged)
    const now = snapshot(this.#thread)
    for (const [index, field] of FIELDS.entries()) {
      // The turn goes on meanwhile: what it has changed again is saved with the next event.
      if (now[index] !== saving[index]) continue
      delete this.#thread[field as 'title']
      if (merged[field] !== undefined) Object.assign(this.#thread, { [field]: merged[field] })
    }
    return { type: 'thread.updated', thread: toWireThread(merged) }
  }
}

function snapshot(thread: Thread): string[] {
  return FIELDS.map((field) => JSON.stringify(thread[field] ?? null))
}
