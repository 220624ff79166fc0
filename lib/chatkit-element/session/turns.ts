import type { Api } from '#lib/chatkit/client/api.ts'
import { ApiError, ConnectionError, LostError } from '#lib/chatkit/client/api-errors.ts'
import { type EventStream, prepend } from '#lib/chatkit/client/event-stream.ts'
import { type AnswerRequest, followAnswer } from '#lib/chatkit/client/follow-answer.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ClientToolCallItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { WireThread } from '#lib/chatkit/protocol/thread.ts'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { callClientTool } from '#lib/chatkit-element/session/client-tool.ts'
import { FrameQueue } from '#lib/chatkit-element/session/frames.ts'
import { waitForAbort } from '#lib/chatkit-element/session/wait-for-abort.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'
import { toSpokenText } from '#lib/chatkit-element/state/plain-text.ts'
import { applyEvent, beginTurn, endTurn, withOutcome } from '#lib/chatkit-element/state/reducer.ts'
import { listLastTurn } from '#lib/chatkit-element/state/turn-groups.ts'
import { type Failure, isLocal } from '#lib/chatkit-element/state/view.ts'
import { toRefusalNotice } from '#lib/chatkit-element/transport/refused.ts'
import { toError } from '#lib/chatkit-element/transport/to-error.ts'

/**
 * How long (ms) a stopped answer may take to end by itself, so that its shown text is the text that
 * the server keeps.
 */
const STOP_GRACE_MS = 1_500
/** The limit of client tool rounds, in case a model never stops calling the page's tools. */
const MAX_CLIENT_TOOL_ROUNDS = 32

type TurnHooks = {
  /** Called when the server has accepted the request. */
  onOpen?: () => void
  /** The button to offer if the request was refused for a reason that may pass. */
  again?: Failure['retry']
  /** The request id, if there already is one. */
  id?: string
}

type ThreadHooks = {
  /** Called when the new chat has become a thread. */
  onCreated: (thread: WireThread) => void
  /** Called when the server has a message of the person. */
  onMessage: (message: UserMessageItem) => void
  /** Reads the thread as the server has it now. */
  reload: (signal: AbortSignal) => Promise<void>
}

/**
 * Runs one turn at a time: streams it into the state, answers client tool calls, stops it, and
 * reports how it ended.
 */
export class Turns {
  #running: AbortController | null = null
  #probe: AbortController | null = null
  #stopWhenCreated = false
  #toolCalls: ClientToolCallItem[] = []
  readonly #answered = new Set<string>()
  readonly #queue: FrameQueue<ThreadStreamEvent>
  readonly #state: Signal<ChatState>
  readonly #api: Api
  readonly #host: Host
  readonly #onCreated: (thread: WireThread) => void
  readonly #onMessage: (message: UserMessageItem) => void
  readonly #reload: (signal: AbortSignal) => Promise<void>

  constructor(state: Signal<ChatState>, api: Api, host: Host, to: ThreadHooks) {
    this.#state = state
    this.#api = api
    this.#host = host
    this.#onCreated = to.onCreated
    this.#onMessage = to.onMessage
    this.#reload = to.reload
    this.#queue = new FrameQueue((events) => state.patch({ view: events.reduce(applyEvent, state.value.view) }))
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
    const follow = (signal: AbortSignal) => this.#follow({ operation, params, id }, signal, opened)
    const error = await this.#turn(follow, () => (accepted ? null : again))
    return accepted ? null : error
  }

  /**
   * Shows the thread's running answer, if there is one. `read` loads the stored items after the
   * lookup, so that an answer that ends in between is found either as running or as stored.
   * `onFound` is called before a running answer is shown.
   */
  async attach(read?: (signal: AbortSignal) => Promise<void>, onFound?: () => void): Promise<void> {
    const threadId = this.#threadId()
    if (!threadId || isBusy(this.#state.value)) return
    this.#probe?.abort()
    const probe = new AbortController()
    this.#probe = probe
    try {
      const running = await this.#findRunning(threadId, probe.signal)
      await read?.(probe.signal)
      if (!running || probe.signal.aborted) return
      const request = { operation: 'threads.attach', params: { thread_id: threadId }, opened: running }
      onFound?.()
      await this.#turn(
        (signal) => this.#follow(request, signal),
        () => null,
        probe,
      )
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
  async #findRunning(threadId: string, signal: AbortSignal): Promise<EventStream | null> {
    try {
      const stream = await this.#api.stream('threads.attach', { thread_id: threadId }, signal)
      const first = await stream.events.next()
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
    this.#queue.clear()
  }

  /** Returns the error that ended the turn; null if it ended normally or was aborted. */
  async #turn(
    work: (signal: AbortSignal) => Promise<void>,
    again: () => Failure['retry'],
    controller = new AbortController(),
  ) {
    let failed: unknown = null
    this.#running = controller
    this.#toolCalls = []
    this.#stopWhenCreated = false
    this.#state.patch({ phase: 'streaming', view: beginTurn(this.#state.value.view), announcement: '' })
    this.#host.emit('chatkit.response.start')
    try {
      await work(controller.signal)
      await this.#answerToolCalls(controller.signal)
    } catch (error) {
      if (!controller.signal.aborted) {
        failed = error
        this.#fail(error, again())
      }
    } finally {
      // After `detach` the screen belongs to another thread.
      if (this.#running === controller) {
        this.#queue.flush()
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

  #follow(request: AnswerRequest, signal: AbortSignal, onOpen?: () => void): Promise<void> {
    return followAnswer(
      this.#api,
      request,
      {
        onOpen,
        onEvent: (event) => this.#receive(event, signal),
        onReconnecting: (reconnecting) => this.#state.patch({ reconnecting }),
        threadId: () => this.#threadId(),
        isUnfinished: () => {
          this.#queue.flush()
          const { view, phase } = this.#state.value
          return view.open.size > 0 && !view.failure && phase !== 'stopping'
        },
        reload: this.#reload,
      },
      signal,
    )
  }

  #receive(event: ThreadStreamEvent, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#queue.push(event)
    if (event.type === 'thread.created') {
      this.#queue.flush()
      this.#onCreated(event.thread)
      this.#host.emit('chatkit.thread.change', { threadId: event.thread.id })
      if (this.#stopWhenCreated) {
        this.#state.patch({ phase: 'streaming' })
        void this.stop()
      }
    } else if (event.type === 'thread.item.done' && event.item.type === 'user_message') {
      this.#onMessage(event.item)
    } else if (event.type === 'client_effect') {
      this.#queue.flush()
      this.#host.emit('chatkit.effect', { name: event.name, data: event.data })
    } else if (
      event.type === 'thread.item.done' &&
      event.item.type === 'client_tool_call' &&
      event.item.status === 'pending'
    ) {
      const { item } = event
      this.#toolCalls = [...this.#toolCalls.filter(({ id }) => id !== item.id), item]
    }
  }

  async #answerToolCalls(signal: AbortSignal): Promise<void> {
    for (let round = 0; round < MAX_CLIENT_TOOL_ROUNDS; round++) {
      const call = this.#toolCalls.find(({ id }) => !this.#answered.has(id))
      const threadId = this.#threadId()
      if (!call || !threadId || signal.aborted) return
      this.#answered.add(call.id)
      const result = await callClientTool(call, this.#host)
      if (signal.aborted) return
      const completed = { ...call, status: 'completed' as const, output: result }
      const request = { operation: 'threads.add_client_tool_output', params: { thread_id: threadId, result } }
      await this.#follow(request, signal, () => this.#queue.push({ type: 'thread.item.replaced', item: completed }))
    }
  }

  #fail(error: unknown, again: Failure['retry']): void {
    this.#queue.flush()
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
