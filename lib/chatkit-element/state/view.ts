import type { Notice, ProgressUpdate } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'

export type ThreadHead = Pick<Thread, 'id' | 'title' | 'status' | 'allowed_image_domains'>

/**
 * What went wrong, as a sentence, and what its button does: ask for the answer again, send the message again that was not sent,
 * send the draft again, or look for the running answer; null where doing the same again cannot help. `notBefore` is when (ms
 * since 1970) the server will listen again.
 */
export type Failure = {
  message: string | null
  retry: 'answer' | 'unsent' | 'draft' | 'attach' | 'load' | null
  notBefore?: number
}

/** Everything of one conversation that is on the screen. Each change makes a new value; untouched items keep their identity. */
export type ThreadView = {
  thread: ThreadHead | null
  items: readonly ThreadItem[]
  /** Items that are still being written. */
  open: ReadonlySet<string>
  /** Items that a replay is writing again from their start, and that are shown once they have caught up with what is shown. */
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
  open: new Set(),
  rebuilding: new Map(),
  imageProgress: new Map(),
  progress: null,
  allowCancel: true,
  notices: [],
  failure: null,
}

const LOCAL = 'local:'

/** The id of a message that the server has not confirmed, by the name of its request. */
export function localId(id: string): string {
  return LOCAL + id
}

export function isLocal(item: { id: string }): boolean {
  return item.id.startsWith(LOCAL)
}
