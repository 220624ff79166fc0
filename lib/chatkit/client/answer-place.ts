import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'

/**
 * How far an answer was read, so that no event is handled twice. A server without event numbers
 * replays a run from its start. Items can be replayed safely, but an effect happens in the host
 * page and must happen only once.
 */
export class AnswerPlace {
  /** The number of the last handled event; 0 if the server does not number events. */
  last = 0
  /** True once any event of the turn has arrived. */
  heard = false
  /** True once the answer has begun. */
  isAnswered = false
  #runId: string | null = null
  #effects = 0
  #replayed = 0

  begin(runId: string | null): void {
    if (!runId || runId !== this.#runId) {
      this.#effects = 0
      this.last = 0
    }
    this.#runId = runId
    this.#replayed = 0
  }

  /** The run that was read last; null if the server has no runs. */
  get runId(): string | null {
    return this.#runId
  }

  get isNumbered(): boolean {
    return this.last > 0
  }

  /** The parameters of `threads.attach` besides the thread. */
  get params(): { run_id?: string; after?: number } {
    return this.#runId && this.last > 0 ? { run_id: this.#runId, after: this.last } : {}
  }

  isNew(event: ThreadStreamEvent, seq: number | null): boolean {
    this.heard = true
    this.isAnswered ||= !isOpening(event)
    if (seq !== null) {
      if (seq <= this.last) return false
      this.last = seq
      return true
    }
    if (event.type !== 'client_effect') return true
    this.#replayed += 1
    if (this.#replayed <= this.#effects) return false
    this.#effects = this.#replayed
    return true
  }
}

/** True for the events that a turn sends before its answer begins. */
function isOpening(event: ThreadStreamEvent): boolean {
  if (event.type === 'thread.item.done') return event.item.type === 'user_message'
  return event.type === 'thread.created' || event.type === 'thread.updated' || event.type === 'stream_options'
}
