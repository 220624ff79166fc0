import type { Notice, ProgressUpdate } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Fork, WaitingMessage, WireThread } from '#lib/chatkit/protocol/thread.ts'

export type ThreadHead = Pick<
  WireThread,
  'id' | 'title' | 'status' | 'allowed_image_domains' | 'context_usage' | 'origin'
>

/**
 * An error message, and what its button does: request the answer again (`answer`), send the unsent
 * message again (`unsent`), send the draft again (`draft`), look for the running answer (`attach`)
 * or read the thread again (`load`). `retry` is null if a retry cannot help. `notBefore` is when
 * the server accepts requests again (ms since 1970).
 */
export type Failure = {
  message: string | null
  retry: 'answer' | 'unsent' | 'draft' | 'attach' | 'load' | null
  notBefore?: number
}

/**
 * Everything of one conversation that is shown. Each change creates a new value; unchanged items
 * keep their identity.
 */
export type ThreadView = {
  thread: ThreadHead | null
  items: readonly ThreadItem[]
  /** The places from which more than one way goes on. */
  forks: readonly Fork[]
  /** The messages that wait for the end of an answer, oldest first; those on their way to the server too. */
  waiting: readonly WaitingMessage[]
  /** The ids of items that are still being written. */
  open: ReadonlySet<string>
  /**
   * Items that a replay is rebuilding from their start. They are shown once they have caught up
   * with the shown version.
   */
  rebuilding: ReadonlyMap<string, ThreadItem>
  imageProgress: ReadonlyMap<string, number>
  progress: Pick<ProgressUpdate, 'text' | 'icon'> | null
  allowCancel: boolean
  notices: readonly Notice[]
  failure: Failure | null
}

export const emptyView: ThreadView = {
  thread: null,
  items: [],
  forks: [],
  waiting: [],
  open: new Set(),
  rebuilding: new Map(),
  imageProgress: new Map(),
  progress: null,
  allowCancel: true,
  notices: [],
  failure: null,
}

const LOCAL = 'local:'

/** The id of a message that the server has not confirmed, made from its request id. */
export function makeLocalId(id: string): string {
  return LOCAL + id
}

export function isLocal(item: { id: string }): boolean {
  return item.id.startsWith(LOCAL)
}
