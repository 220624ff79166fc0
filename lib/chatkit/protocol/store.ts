import type { Attachment, ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Page } from '#lib/platform/page.ts'

/** How to read a list: `limit` rows from the one after the cursor `after` (exclusive). An unknown cursor is not found. */
export type PageQuery = { limit: number; after?: string; order: 'asc' | 'desc' }

/** What an item is, as far as its id shows it. */
export type ItemKind =
  | 'message'
  | 'tool_call'
  | 'workflow'
  | 'task'
  | 'structured_input'
  | 'attachment'
  | 'hidden_context'
  | 'sdk_hidden_context'

/** What of a thread may change. */
export type ThreadFields = Partial<Pick<Thread, 'title' | 'status' | 'allowed_image_domains' | 'metadata'>>

/**
 * Where threads live, bound to one person: everything of another person is not found (protocol section 1.10). Methods throw
 * an AppError `not_found` for what is missing and reject when the store cannot be reached. Order is the order of the first
 * write, strictly monotonic. Values go in and come out as copies.
 */
export interface Store {
  /**
   * An id nobody can guess, with at least 96 random bits. The same request of the same person may get the same id each time: what
   * it stored before its process died is then not stored twice.
   */
  newThreadId(requestId?: string): string
  newItemId(kind: ItemKind, requestId?: string): string

  loadThread(id: string): Promise<Thread>
  /** Creates or overwrites. */
  saveThread(thread: Thread): Promise<void>
  /** Writes these fields alone, so that what others change meanwhile stays, and resolves to the whole. Undefined takes a field away. */
  changeThread(id: string, changes: ThreadFields): Promise<Thread>
  listThreads(query: PageQuery): Promise<Page<Thread>>
  /** Items go with their thread. */
  deleteThread(id: string): Promise<void>

  loadItem(threadId: string, itemId: string): Promise<ThreadItem>
  /** `visible` leaves out what no client may see, before the page is cut. */
  listItems(threadId: string, query: PageQuery & { visible?: boolean }): Promise<Page<ThreadItem>>
  /** Appends the item, or overwrites the one of the same id where it stands. */
  addItem(threadId: string, item: ThreadItem): Promise<void>
  /** Overwrites the item where it stands, or appends it. */
  saveItem(threadId: string, item: ThreadItem): Promise<void>
  /** Deleting what is not there is no error. */
  deleteItem(threadId: string, itemId: string): Promise<void>

  /** Absent where the server takes no attachments. */
  attachments?: AttachmentRecords
}

/** What a turn begins with: the person's message, and its thread where the message begins one. Stored together, or not at all. */
export type Opening = { thread?: Thread; message: UserMessageItem }

/** What is known of uploaded files, `metadata` included. */
export interface AttachmentRecords {
  load(id: string): Promise<Attachment>
  /** Creates or overwrites. */
  save(attachment: Attachment): Promise<void>
  /** Makes them the thread's, all or none. Throws conflict for one that another thread has, also where both are asked at once. */
  bind(threadId: string, ids: string[]): Promise<void>
  delete(id: string): Promise<void>
}

/** A page a client asked for, with the protocol's default of 20 rows; more than 100 are never read at once. */
export function pageQuery(asked: {
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
