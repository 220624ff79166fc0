import type { ErrorEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { toErrorEvent } from '#lib/chatkit/server/error-event.ts'
import { toWireEvent } from '#lib/chatkit/server/operations/wire.ts'
import { cancelledNote } from '#lib/chatkit/server/pipeline/cancelled-note.ts'
import { ThreadChanges } from '#lib/chatkit/server/pipeline/thread-changes.ts'
import { TurnItems } from '#lib/chatkit/server/pipeline/turn-items.ts'
import { untilAborted } from '#lib/chatkit/server/pipeline/until-aborted.ts'
import type { TurnWatch } from '#lib/chatkit/server/turn.ts'
import { AppError } from '#lib/platform/errors.ts'

/** How long (ms) an aborted turn may take to close its open items. */
const CANCEL_GRACE_MS = 1_000

/** A turn that goes through the pipeline. Its steps are taken in this order. */
export type PipedTurn = {
  threadId: string
  store: Store
  signal: AbortSignal
  /** Shows what is stored already. These events are sent as they are. */
  opening: ThreadStreamEvent[]
  loadThread: () => Promise<Thread>
  /** Stores what the person did. Returns the events that come before the answer. */
  begin: (thread: Thread) => Promise<ThreadStreamEvent[]>
  /** Starts the answer; undefined if there is none. Not called for a turn that was stopped before. */
  answer: (thread: Thread) => { events: AsyncIterable<ThreadStreamEvent>; watcher?: TurnWatch } | undefined
  /** Called once if the turn fails, with the error event that the client gets. */
  onFailure: (error: unknown, shown: ErrorEvent) => void
}

/**
 * The only path from a turn's events to the client (protocol sections 1.6 and 1.9). It stores the
 * effect of each event, holds back hidden items, yields the rest, and saves and announces changes
 * of the thread. Never throws: a failure is the last event. Items that are still open at the end
 * are kept if they have content to show.
 *
 * `signal` ends the turn early. An AppError as its reason means a failure with that message; any
 * other reason means that the person stopped the turn.
 */
export async function* persistEvents(turn: PipedTurn): AsyncGenerator<ThreadStreamEvent> {
  const { signal } = turn
  const items = new TurnItems(turn)
  let changes: ThreadChanges | undefined
  let open = false
  try {
    yield* turn.opening
    const thread = await turn.loadThread()
    changes = new ThreadChanges(thread, turn.store)
    open = true
    for (const raw of await turn.begin(thread)) {
      if (signal.aborted && !items.isClosing(raw)) continue
      const event = toWireEvent(raw)
      await items.store(event)
      const shown = items.toClientEvent(event)
      if (shown) yield shown
    }
    const answer = signal.aborted ? undefined : turn.answer(thread)
    // Runs once for each delta, so it waits only if there is something to wait for.
    for await (const raw of answer ? untilAborted(answer.events, signal, CANCEL_GRACE_MS) : []) {
      if (signal.aborted && !items.isClosing(raw)) continue
      const watched = answer?.watcher?.onEvent(raw)
      if (watched) await watched
      const event = toWireEvent(raw)
      const stored = items.store(event)
      if (stored) await stored
      const shown = items.toClientEvent(event)
      if (shown) yield shown
      const change = changes.save()
      if (change) yield change
    }
    open = false
    if (signal.aborted) throw signal.reason
    answer?.watcher?.onEnd()
    yield* items.close()
    const change = changes.save()
    if (change) yield change
  } catch (error) {
    open = false
    // An aborted source may throw anything; the cause is the abort.
    const cause = signal.aborted ? signal.reason : error
    const isStopped = signal.aborted && !(cause instanceof AppError)
    yield* endEarly(turn, items, changes, isStopped ? 'stopped' : { error: cause })
  } finally {
    // The consumer called return(). Nobody reads further events, but the answer so far is kept.
    if (open) for await (const _ of endEarly(turn, items, changes, 'stopped'));
  }
}

/** Ends a turn that was stopped or that failed: closes its items and saves the thread's changes. */
async function* endEarly(
  turn: PipedTurn,
  items: TurnItems,
  changes: ThreadChanges | undefined,
  cause: 'stopped' | { error: unknown },
): AsyncGenerator<ThreadStreamEvent> {
  const { threadId, store } = turn
  let failure = cause === 'stopped' ? undefined : cause
  try {
    yield* items.close()
    if (cause === 'stopped')
      await store.addItem(threadId, cancelledNote(threadId, store.newItemId('sdk_hidden_context')))
  } catch (error) {
    failure ??= { error }
  }
  if (failure) {
    const shown = toErrorEvent(failure.error)
    turn.onFailure(failure.error, shown)
    yield shown
  }
  try {
    const change = changes?.save()
    if (change) yield await change
  } catch (error) {
    if (!failure) turn.onFailure(error, toErrorEvent(error))
  }
}
