import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Page } from '#lib/platform/page.ts'

/** Locked: the composer is shown but disabled. Closed: it is replaced by a banner. The server refuses new turns in both. */
export type ThreadStatus =
  | { type: 'active' }
  | { type: 'locked'; reason?: string }
  | { type: 'closed'; reason?: string }

/** A conversation as the server knows it. `metadata` is the server's own and never sent (section 1.2). */
export type Thread = {
  id: string
  title?: string
  /** ISO 8601 in UTC. */
  created_at: string
  status: ThreadStatus
  /** Hosts whose images an answer may show; absent leaves it to the client, empty allows none. */
  allowed_image_domains?: string[]
  metadata: Record<string, unknown>
}

/** A conversation as a client gets it. Only `threads.get_by_id` fills `items`; an empty page elsewhere does not mean "no items". */
export type WireThread = Thread & { metadata: Record<string, never>; items: Page<ThreadItem> }
