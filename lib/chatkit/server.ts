import { type Parsed, parseRequest } from '#lib/chatkit/parse.ts'
import type { ErrorEvent, NumberedEvent, StreamOptions, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Attachment, ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Action, Operation, Params } from '#lib/chatkit/protocol/requests.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { queries } from '#lib/chatkit/queries.ts'
import { replayStored } from '#lib/chatkit/replay.ts'
import type { Act, Respond } from '#lib/chatkit/respond.ts'
import type { Opening, Store } from '#lib/chatkit/store.ts'
import { turns } from '#lib/chatkit/turns.ts'
import { AppError } from '#lib/errors.ts'

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
  actSync?: (call: { thread: Thread; action: Action; sender: WidgetItem | null; store: Store }) => Promise<ThreadItem | null>
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
  begin: (from?: { isStored?: boolean }) => Promise<(signal: AbortSignal, context: Context) => AsyncGenerator<ThreadStreamEvent>>
}

export type Answer<Context> =
  | { kind: 'json'; data: unknown }
  /** Events of a turn that began earlier. `resume`: the client wants them with their numbers. */
  | { kind: 'attached'; resume: boolean; runId?: string; events: LiveTurn['events']; whole?: Whole }
  | ({ kind: 'turn'; operation: Operation; requestId?: string; resume: boolean; whole?: Whole } & PreparedTurn<Context>)

/** Where it is there the client gets no stream, but what this makes of all events. Throws conflict with the sentence of an error event. */
export type Whole = (events: ThreadStreamEvent[]) => unknown

/**
 * Answers one ChatKit request (protocol section 1). Everything that can be refused is refused here, with nothing stored.
 * Throws AppError: bad_request with the field's name, not_found (the same for foreign and missing), conflict for a wrong
 * state, too_large.
 */
export async function processChatKit<Context = void>(body: unknown, deps: Deps<Context>): Promise<Answer<Context>> {
  const request = parseRequest(body)
  if (isTurn(request) && !(request.type === 'threads.sync_custom_action' && deps.actSync)) {
    const { type: operation, params, requestId, resume } = request
    const prepare = turns[operation] as (given: typeof params, to: Deps<Context>, requestId?: string) => Promise<PreparedTurn<Context>>
    const prepared = prepare(params, deps, requestId)
    // Asked side by side. A repetition is answered whatever became of the state that it needed the first time.
    prepared.catch(() => undefined)
    const repeated = requestId ? await deps.turns?.findRepeated(requestId) : null
    const whole = operation === 'threads.sync_custom_action' ? (all: ThreadStreamEvent[]) => updatedItem(all, params.item_id) : undefined
    if (!repeated) return { kind: 'turn', operation, requestId, resume, whole, ...(await prepared) }
    const { runId, threadId, events } = repeated
    return { kind: 'attached', resume, runId, whole, events: events ?? (await replayStored(deps.store, threadId)) }
  }
  if (request.type === 'threads.attach') return { kind: 'attached', resume: request.resume, ...(await attach(request.params, deps)) }
  const answer = queries[request.type] as (given: typeof request.params, to: Deps<Context>) => Promise<unknown>
  return { kind: 'json', data: await answer(request.params, deps) }
}

/** What a synchronous action made of the widget that it came from. */
function updatedItem(events: ThreadStreamEvent[], itemId: string | null | undefined): { updated_item?: ThreadItem } {
  const error = events.find((event) => event.type === 'error')
  if (error) throw new AppError('conflict', error.message ?? 'That could not be done. Try again.')
  const last = events.findLast((event) => 'item' in event && event.item.id === itemId)
  return last && 'item' in last ? { updated_item: last.item } : {}
}

function isTurn(request: Parsed): request is Extract<Parsed, { type: keyof typeof turns }> {
  return Object.hasOwn(turns, request.type)
}

async function attach<Context>(
  { thread_id, run_id, after }: Params<'threads.attach'>,
  { store, turns: live }: Deps<Context>,
): Promise<Pick<LiveTurn, 'events'> & { runId?: string }> {
  await store.loadThread(thread_id)
  return (await live?.attach(thread_id, { runId: run_id ?? undefined, after: after ?? undefined })) ?? { events: nothing() }
}

// biome-ignore lint/correctness/useYield: a stream that is complete without an event
async function* nothing(): AsyncGenerator<NumberedEvent, boolean> {
  return true
}
