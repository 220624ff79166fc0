import type { ErrorEvent, NumberedEvent, StreamOptions, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Attachment, ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Action, Params } from '#lib/chatkit/protocol/requests.ts'
import type { Opening, Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Act, Respond } from '#lib/chatkit/server/turn.ts'

/** A turn that is running or has ended: its events, which return true when there are no more of them, false when the reader should ask again. */
export type LiveTurn = { runId: string; threadId: string; events: AsyncGenerator<NumberedEvent, boolean> }

/** What the server may ask about turns in progress. */
export interface LiveTurns {
  /** Ends the thread's turn and resolves when it has ended; false where none was running. */
  stop(threadId: string): Promise<boolean>
  /** The thread's running turn, or the one that is named, from event number `after` on; without a number from its first one. */
  attach(threadId: string, to: { runId?: string; after?: number }): Promise<LiveTurn | null>
  /** The turn that an earlier request with this id began; without `events` when they are no longer kept. */
  findRepeated(requestId: string): Promise<{ runId: string; threadId: string; events?: LiveTurn['events'] } | null>
}

/** Where uploaded bytes live, where the server takes attachments. */
export interface AttachmentFiles {
  create(params: Params<'attachments.create'>): Promise<Attachment>
  delete(attachmentId: string): Promise<void>
  /** False for an attachment whose bytes are not there yet: no message may have it. */
  isReady?(attachment: Attachment): boolean
}

/** What the application brings along. Whatever is absent is answered with a clear error. */
export type Deps<Context> = {
  store: Store
  respond: Respond<Context>
  /** `attachmentsMax` is the most that one message may have. */
  limits: { messageMaxChars: number; attachmentsMax?: number }
  turns?: LiveTurns
  act?: Act<Context>
  /** Answers synchronous actions at once, also while a turn runs. Without it `act` answers them, as a turn of its own. */
  actSync?: (call: {
    thread: Thread
    action: Action
    sender: WidgetItem | null
    store: Store
  }) => Promise<ThreadItem | null>
  feedback?: (given: Params<'items.feedback'>) => Promise<void>
  files?: AttachmentFiles
  /** `mediaType` is the MIME type without its parameters. */
  transcribe?: (audio: { data: Uint8Array; mimeType: string; mediaType: string }) => Promise<{ text: string }>
  streamOptions?: (thread: Thread) => StreamOptions
  /** Hears of each turn that failed and of what the client was told. */
  onFailure?: (error: unknown, told: ErrorEvent, context: Context) => void
}

/**
 * A turn that passed every check. `begin` is for when nobody else works on the thread: it checks again, throws as
 * `processChatKit` does, stores the `opening` and gives the events, which never throw. Nothing else is stored before they are
 * read. Who can store the opening together with a record of the turn does that first and says so (`isStored`): `begin` then
 * does nothing that could fail. `check` throws what the turn would be refused for now.
 */
export type PreparedTurn<Context> = {
  threadId: string
  /** The message that the turn answers; unknown where the turn goes on with whatever the last one is. */
  messageId?: string
  opening?: Opening
  check: () => Promise<void>
  begin: (from?: {
    isStored?: boolean
  }) => Promise<(signal: AbortSignal, context: Context) => AsyncGenerator<ThreadStreamEvent>>
}
