import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Page } from '#lib/platform/page.ts'

/**
 * Locked: the composer is shown but disabled. Closed: a banner replaces the composer. The server
 * refuses new turns in both.
 */
export type ThreadStatus =
  | { type: 'active' }
  | { type: 'locked'; reason?: string }
  | { type: 'closed'; reason?: string }

/**
 * A thread as the server knows it. `metadata` is for the server only, never sent (protocol section
 * 1.2).
 */
export type Thread = {
  id: string
  title?: string
  /** ISO 8601 in UTC. */
  created_at: string
  status: ThreadStatus
  /** Hosts whose images an answer may show. Absent: the client decides. Empty: none. */
  allowed_image_domains?: string[]
  metadata: Record<string, unknown>
}

/** How much of the model's window a thread fills, in tokens. */
export type ContextUsage = { used: number; limit: number }

/**
 * Where the first messages of a thread come from, if they were not written in it: from an export of
 * another program (`from` is its name), or from a conversation that somebody shared. `messages` is how many they
 * are, and `at` when they came.
 */
export type ThreadOrigin = { kind: 'imported' | 'shared'; from?: string; at: string; messages: number }

/** What marks a thread that leaves nothing behind: a key of its metadata, `true`. */
export const TEMPORARY = 'temporary'

/** Where the server keeps the `origin` of a thread: a key of its metadata. */
export const ORIGIN = 'origin'

/**
 * A place of a thread from which more than one way goes on, because a message was edited or answered
 * again. Null among the ids of the `branches`, oldest first, stands for the way that is shown.
 * `item_id` is its first item, absent if nothing follows; `after_id` is the item before the place,
 * absent at the start.
 */
export type Fork = { item_id?: string; after_id?: string; branches: (string | null)[] }

/**
 * A message that was written while an answer ran: it becomes the next turn. `note` says why it was not
 * sent so far. `is_held`: it is sent only if its person says so.
 */
export type WaitingMessage = { message: UserMessageItem; is_held: boolean; note?: string }

/**
 * A thread as a client gets it. Only `threads.get_by_id` fills `items`; elsewhere an empty page
 * does not mean that there are none.
 */
export type WireThread = Thread & {
  metadata: Record<string, never>
  items: Page<ThreadItem>
  /** Our extension: present if the thread fills most of what its model can read. */
  context_usage?: ContextUsage
  /** Our extension: present if its first messages were not written in it. */
  origin?: ThreadOrigin
  /** Our extension: only `threads.get_by_id`, and a turn that made a fork, fill it. */
  forks?: Fork[]
  /** Our extension: the messages that wait for the end of an answer; only `threads.get_by_id` fills it. */
  waiting?: WaitingMessage[]
}

/** Where the server keeps the `context_usage` of a thread: a key of its metadata. */
export const CONTEXT_USAGE = 'context_usage'
