import type { ErrorEvent, NumberedEvent, StreamOptions, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Attachment, ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Action, Params, UserMessageInput } from '#lib/chatkit/protocol/requests.ts'
import type { Opening, Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Act, Respond, Turn, TurnWatch } from '#lib/chatkit/server/turn.ts'

/**
 * The events of a running or finished turn. The generator returns true if the stream is complete,
 * false if the reader should ask again.
 */
export type LiveTurn = { runId: string; threadId: string; events: AsyncGenerator<NumberedEvent, boolean> }

/** What a reader attaches to. It has no `runId` if none of the turn's events are kept. */
export type AttachedTurn = Omit<LiveTurn, 'runId'> & Partial<Pick<LiveTurn, 'runId'>>

/**
 * Where to continue reading: after which event of which turn. `wait`: if no turn is running, until
 * one begins by itself.
 */
export type AttachTo = { runId?: string; after?: number; wait?: boolean }

/** A turn whose request was sent before; without `events` if they are not kept any more. */
export type RepeatedTurn = Omit<LiveTurn, 'events'> & Partial<Pick<LiveTurn, 'events'>>

/** What the server needs to know about turns in progress. */
export interface LiveTurns {
  /** Ends the thread's turn and resolves when it has ended; false if no turn was running. */
  stop(threadId: string): Promise<boolean>
  /**
   * The running turn, or the one of `runId`, after event number `after`; by default from its first.
   */
  attach(threadId: string, to: AttachTo): Promise<AttachedTurn | null>
  /** The turn that an earlier request with this id began. */
  findRepeated(requestId: string): Promise<RepeatedTurn | null>
  /** Begins the turn of the message that waits longest, if nothing works on the thread. Does not wait. */
  beginWaiting?(threadId: string): void
}

/** The uploaded bytes, for servers that take attachments. */
export interface AttachmentFiles {
  create(params: Params<'attachments.create'>): Promise<Attachment>
  delete(attachmentId: string): Promise<void>
  /** False until the attachment's bytes are uploaded; until then no message can include it. */
  isReady?(attachment: Attachment): boolean
}

/**
 * What the application provides. Without `act`, `files`, `pin` or `transcribe`, the operations that need
 * it throw bad_request.
 */
export type Deps<Context> = {
  store: Store
  respond: Respond<Context>
  /** Called for each turn that `respond` answers, before it does. */
  watch?: (turn: Turn, context: Context) => TurnWatch | undefined
  /** `attachmentsMax` is the limit per message; absent means no limit. */
  limits: { messageMaxChars: number; attachmentsMax?: number }
  turns?: LiveTurns
  act?: Act<Context>
  /**
   * Called before a person leaves a part of a thread, by an edit or to have it answered again: ends
   * what waits there for them.
   */
  leave?: (threadId: string) => Promise<void>
  /**
   * Answers synchronous actions at once, even during a turn. Without it, `act` answers in a turn.
   */
  actSync?: (call: {
    thread: Thread
    action: Action
    sender: WidgetItem | null
    store: Store
  }) => Promise<ThreadItem | null>
  /** The synchronous actions that `actSync` answers; by default all. */
  takesSync?: (action: Action) => boolean
  feedback?: (given: Params<'items.feedback'>) => Promise<void>
  /** Keeps messages in the context, or no longer. */
  pin?: (given: Params<'items.pin'>) => Promise<void>
  files?: AttachmentFiles
  /** `mediaType` is the MIME type without its parameters. */
  transcribe?: (audio: { data: Uint8Array; mimeType: string; mediaType: string }) => Promise<{ text: string }>
  /**
   * Throws if the caller may not send this message, for a reason of the application. Called before
   * anything is stored.
   */
  checkMessage?: (input: UserMessageInput) => Promise<void>
  streamOptions?: (thread: Thread) => StreamOptions
  /** Called for each failed turn, with the error event that the client got. */
  onFailure?: (error: unknown, shown: ErrorEvent, context: Context) => void
}

/**
 * A turn that passed every check. Call `begin` once nothing else works on the thread: it checks
 * again, throws as `processChatKit` does, stores the `opening` and returns the events, which never
 * throw. Nothing else is stored before the events are read. A caller that has stored the opening
 * together with its record of the turn passes `isStored`; `begin` then cannot fail. `check` throws
 * if the turn would be refused now.
 */
export type PreparedTurn<Context> = {
  threadId: string
  /** The message that the turn answers; undefined if the turn continues after the last item. */
  messageId?: string
  opening?: Opening
  check: () => Promise<void>
  /** Ends what works on the thread, which this turn replaces. Absent if the turn waits for it. */
  makeRoom?: () => Promise<void>
  begin: (from?: {
    isStored?: boolean
  }) => Promise<(signal: AbortSignal, context: Context) => AsyncGenerator<ThreadStreamEvent>>
}
