import type { Api } from '#lib/chatkit/client/api.ts'
import { ApiError, ConnectionError, LostError } from '#lib/chatkit/client/api-errors.ts'
import { type EventStream, prepend } from '#lib/chatkit/client/event-stream.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { type StreamHooks, TurnStream } from '#lib/chatkit-element/session/turn-stream.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import { toSpokenText } from '#lib/chatkit-element/state/plain-text.ts'
import { beginTurn, endTurn, withOutcome } from '#lib/chatkit-element/state/reducer.ts'
import { listLastTurn } from '#lib/chatkit-element/state/turn-groups.ts'
import { type Failure, isLocal } from '#lib/chatkit-element/state/view.ts'
import { toRefusalNotice } from '#lib/chatkit-element/transport/refusal-notice.ts'
import { toError } from '#lib/chatkit-element/transport/to-error.ts'

/**
 * How long (ms) a stopped answer may take to end by itself, so that its shown text is the text that
 * the server keeps.
 */
const STOP_GRACE_MS = 1_500

type TurnHooks = {
  /** Called when the server has accepted the request. */
  onOpen?: () => void
  /** The button to offer if the request was refused for a reason that may pass. */
  again?: Failure['retry']
  /** The request id, if there already is one. */
  id?: string
}

type AttachHooks = {
  read?: ((signal: AbortSignal) => Promise<void>) | undefined
  onFound?: (() => void) | undefined
  isReturn?: boolean
  /** Waits for an answer that begins by itself, and shows what changes until then. */
  wait?: boolean
}

/** `isOwn` is false for a turn that another page has asked for. */
type TurnSettings = { again?: () => Failure['retry']; isOwn?: boolean; controller?: AbortController }

/**
 * Runs one turn at a time: streams it into the state, answers client tool calls, stops it, and
 * reports how it ended.
 */
export class Turns {
  #running: AbortController | null = null
  #probe: AbortController | null = null
  #stopWhenCreated = false
  readonly #stream: TurnStream
  readonly #state: Signal<ChatState>
  readonly #api: Api
  readonly #host: Host

  constructor(state: Signal<ChatState>, api: Api, host: Host, to: StreamHooks) {
    this.#state = state
    this.#api = api
    this.#host = host
    this.#stream = new TurnStream(state, api, host, {
      ...to,
      onCreated: (thread) => {
        to.onCreated(thread)
        host.emit('chatkit.thread.change', { threadId: thread.id })
        if (!this.#stopWhenCreated) return
        state.patch({ phase: 'streaming' })
        void this.stop()
      },
    })
  }

  /**
   * Sends a streaming request and shows its answer to the end. Never throws: errors are shown and
   * emitted. Returns the error of a request that was not accepted and changed nothing, otherwise
   * null.
   */
  async run(operation: string, params: object, { onOpen, again = null, id }: TurnHooks = {}): Promise<unknown> {
    this.#probe?.abort()
    let accepted = false
    const opened = () => {
      accepted = true
      onOpen?.()
    }
    const follow = (signal: AbortSignal) => this.#stream.follow({ operation, params, id }, signal, opened)
    const error = await this.#turn(follow, { again: () => (accepted ? null : again) })
    return accepted ? null : error
  }

  /**
   * Shows the thread's running answer, if there is one. `read` loads the stored items after the
   * lookup, so that an answer that ends in between is found either as running or as stored.
   * `onFound` is called before a running answer is shown. `isReturn`: the page has been open all
   * the time, so that only the answers that it asked for are its own.
   */
  async attach({ read, onFound, isReturn = false, wait = false }: AttachHooks = {}): Promise<void> {
    const threadId = this.#threadId()
    if (!threadId || isBusy(this.#state.value)) return
    this.#probe?.abort()
    const probe = new AbortController()
    this.#probe = probe
    try {
      const running = await this.#findRunning(threadId, probe.signal, wait)
      await read?.(probe.signal)
      if (!running || probe.signal.aborted) return
      const request = { operation: 'threads.attach', params: { thread_id: threadId }, opened: running }
      onFound?.()
      const isOwn = !isReturn || this.#stream.hasAskedFor(running)
      await this.#turn((signal) => this.#stream.follow(request, signal), { isOwn, controller: probe })
    } catch (error) {
      if (!probe.signal.aborted)
        this.#host.emit('chatkit.log', { name: 'read.failed', data: { message: String(error) } })
    } finally {
      if (this.#probe === probe) this.#probe = null
    }
  }

  /**
   * The stream of the running answer; null if there is none, or if the server lacks our
   * `threads.attach` operation.
   */
  async #findRunning(threadId: string, signal: AbortSignal, wait: boolean): Promise<EventStream | null> {
    try {
      const stream = await this.#api.stream('threads.attach', { thread_id: threadId, ...(wait && { wait }) }, signal)
      let first = await stream.events.next()
      // What belongs to no answer has no number.
      for (; wait && !first.done && first.value.seq === null; first = await stream.events.next())
        if (!signal.aborted) this.#stream.show(first.value.event as ThreadStreamEvent)
      return first.done ? null : prepend(first.value, stream)
    } catch (error) {
      if (!signal.aborted)
        this.#host.emit('chatkit.log', { name: 'attach.unavailable', data: { message: String(error) } })
      return null
    }
  }

  /** Ends the answer on the server and here. The answer so far is kept. */
  async stop(): Promise<void> {
    const running = this.#running
    if (!running || this.#state.value.phase !== 'streaming') return
    this.#state.patch({ phase: 'stopping' })
    const threadId = this.#threadId()
    if (!threadId) {
      this.#stopWhenCreated = true
      return
    }
    try {
      await this.#api.query('threads.stop', { thread_id: threadId })
      await waitForAbort(running.signal, STOP_GRACE_MS)
    } catch (error) {
      this.#host.emit('chatkit.log', { name: 'stop.failed', data: { message: String(error) } })
    }
    running.abort()
  }

  /**
   * Stops following without stopping the answer: it goes on at the server, and `attach` finds it
   * again.
   */
  detach(): void {
    this.#probe?.abort()
    this.#running?.abort()
    this.#running = null
    this.#stream.clear()
  }

  /** Returns the error that ended the turn; null if it ended normally or was aborted. */
  async #turn(
    work: (signal: AbortSignal) => Promise<void>,
    { again = () => null, isOwn = true, controller = new AbortController() }: TurnSettings,
  ): Promise<unknown> {
    let failed: unknown = null
    this.#running = controller
    this.#stream.begin(isOwn)
    this.#stopWhenCreated = false
    this.#state.patch({ phase: 'streaming', view: beginTurn(this.#state.value.view), announcement: '' })
    this.#host.emit('chatkit.response.start')
    try {
      await work(controller.signal)
      await this.#stream.answerCalls(controller.signal)
    } catch (error) {
      if (!controller.signal.aborted) {
        failed = error
        this.#fail(error, again())
      }
    } finally {
      // After `detach` the screen belongs to another thread.
      if (this.#running === controller) {
        this.#stream.flush()
        this.#running = null
        const { phase, view: last } = this.#state.value
        const view = endTurn(phase === 'stopping' ? withOutcome(last, { status: 'stopped', allow_retry: true }) : last)
        const said = view.failure ? '' : toSpokenText(listLastTurn(view.items))
        this.#state.patch({ phase: 'idle', reconnecting: false, view, announcement: said })
        controller.abort()
        if (view.failure)
          this.#host.emit('chatkit.error', { error: new Error(view.failure.message ?? this.#host.strings().failed) })
      }
      this.#host.emit('chatkit.response.end')
    }
    return failed
  }

  #fail(error: unknown, again: Failure['retry']): void {
    this.#stream.flush()
    const isLost = error instanceof LostError
    const question = this.#state.value.view.items.findLast(({ type }) => type === 'user_message')
    const isUnsent = question !== undefined && isLocal(question)
    const lost = { message: this.#host.strings().connectionLost, retry: isUnsent ? 'unsent' : 'attach' } as const
    const failure: Failure = isLost ? lost : toRefusalNotice(error, again)
    this.#state.patch({ view: { ...this.#state.value.view, failure } })
    if (!(isLost || error instanceof ApiError || error instanceof ConnectionError))
      this.#host.emit('chatkit.error', { error: toError(error) })
  }

  #threadId(): string | null {
    return this.#state.value.view.thread?.id ?? null
  }
}

/** Resolves when the signal aborts, or after `ms`. */
function waitForAbort(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
