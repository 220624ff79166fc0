import type { Attachment, ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Fork, Thread, WaitingMessage } from '#lib/chatkit/protocol/thread.ts'
import type { Page } from '#lib/platform/page.ts'

/**
 * How to read a list: `limit` rows after the cursor `after` (exclusive). An unknown cursor is not
 * found.
 */
export type PageQuery = { limit: number; after?: string; order: 'asc' | 'desc' }

/** The kinds of items that an id's prefix distinguishes. */
export type ItemKind =
  | 'message'
  | 'tool_call'
  | 'workflow'
  | 'task'
  | 'structured_input'
  | 'attachment'
  | 'hidden_context'
  | 'sdk_hidden_context'

/** The fields of a thread that can change. */
export type ThreadFields = Partial<Pick<Thread, 'title' | 'status' | 'allowed_image_domains' | 'metadata'>>

/**
 * Where threads are stored, bound to one person: another person's rows are not found (protocol
 * section 1.10). Methods throw an AppError `not_found` for what is missing, and reject if the store
 * cannot be reached. Items are ordered by their first write, strictly monotonic. Values are copied
 * in and out.
 */
export interface Store {
  /**
   * Returns an unguessable id with at least 96 random bits. A store may return the same id for the
   * same person and `requestId`, so that a request repeated after a crash is not stored twice.
   */
  newThreadId(requestId?: string): string
  newItemId(kind: ItemKind, requestId?: string): string

  loadThread(id: string): Promise<Thread>
  /** Creates or overwrites. */
  saveThread(thread: Thread): Promise<void>
  /**
   * Writes only these fields, so that concurrent changes to others are kept, and resolves to the
   * whole thread. `undefined` removes a field.
   */
  changeThread(id: string, changes: ThreadFields): Promise<Thread>
  listThreads(query: PageQuery): Promise<Page<Thread>>
  /** Also deletes the thread's items. */
  deleteThread(id: string): Promise<void>

  loadItem(threadId: string, itemId: string): Promise<ThreadItem>
  /** `visible` leaves out hidden items before the page is cut. */
  listItems(threadId: string, query: PageQuery & { visible?: boolean }): Promise<Page<ThreadItem>>
  /** Appends the item, or overwrites the item with the same id in place. */
  addItem(threadId: string, item: ThreadItem): Promise<void>
  /** Overwrites the item in place, or appends it. */
  saveItem(threadId: string, item: ThreadItem): Promise<void>
  /** Deleting a missing item is not an error. */
  deleteItem(threadId: string, itemId: string): Promise<void>

  /** Absent if the server takes no attachments. */
  attachments?: AttachmentRecords
  /** Absent if the store keeps one path of a thread only. */
  branches?: Branches
  /** Absent if no message can wait for the end of an answer. */
  waiting?: WaitingMessages
}

/**
 * What a turn begins with: the message, and a new thread if it starts one. `replaces` is the message
 * that it stands in for: that one is left with all that followed it. `isWaiting`: the message waits
 * until then, and must not have been taken back. Stored all or nothing.
 */
export type Opening = { thread?: Thread; message: UserMessageItem; replaces?: string; isWaiting?: boolean }

/** The messages of a thread that wait for the end of an answer, oldest first. */
export interface WaitingMessages {
  list(threadId: string): Promise<WaitingMessage[]>
  /**
   * Stores a message. One that came before, and may have been sent since, changes nothing. Throws conflict
   * if too many wait, and unauthenticated if the session has ended.
   */
  add(message: UserMessageItem): Promise<void>
  /** Takes a message back. Throws not_found if it does not wait any more. */
  takeBack(threadId: string, messageId: string): Promise<UserMessageItem>
  /** Has a message sent that is held. Throws not_found if it does not wait any more. */
  release(threadId: string, messageId: string): Promise<void>
  /** Holds all messages of the thread until their person sends them; `note` says why. */
  hold(threadId: string, note: string): Promise<void>
}

/** Where the end of a path begins: behind an item, or with it. */
export type PlaceOnPath = { after: string } | { from: string }

/**
 * The ways on that a person has left. All other methods of the store know only the path that is
 * shown.
 */
export interface Branches {
  /** The places of the path from which more than one way goes on. */
  list(threadId: string): Promise<Fork[]>
  /** Throws conflict if the thread can have no more branches. */
  requireRoom(threadId: string): Promise<void>
  /** Takes the end of the path off it, and keeps it as a branch. */
  setAside(threadId: string, place: PlaceOnPath): Promise<void>
  /**
   * Leaves the path where a branch begins, and shows the branch. Throws conflict while an answer is
   * written or waits for its person.
   */
  choose(threadId: string, branchId: string): Promise<void>
  /**
   * Deletes a message of the path with every version of its answer. What followed stays. Throws
   * conflict as `choose` does.
   */
  deleteTurn(threadId: string, messageId: string): Promise<void>
}

/** The records of uploaded files, including `metadata`. */
export interface AttachmentRecords {
  load(id: string): Promise<Attachment>
  /** Creates or overwrites. */
  save(attachment: Attachment): Promise<void>
  /**
   * Assigns the attachments to the thread, all or none. Throws conflict if one belongs to another
   * thread, also if both threads ask at the same time.
   */
  bind(threadId: string, ids: string[]): Promise<void>
  delete(id: string): Promise<void>
}

/** The page that a client asked for: 20 rows by default (protocol), at most 100. */
export function toPageQuery(asked: {
  limit?: number | null
  after?: string | null
  order?: 'asc' | 'desc' | null
}): PageQuery {
  return {
    limit: Math.min(asked.limit || 20, 100),
    order: asked.order ?? 'desc',
    ...(asked.after && { after: asked.after }),
  }
}
