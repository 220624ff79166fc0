import type { Api } from '#lib/chatkit/client/api.ts'
import type { EventStream } from '#lib/chatkit/client/event-stream.ts'
import { type AnswerRequest, followAnswer } from '#lib/chatkit/client/follow-answer.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ChatState } from '#lib/chatkit-element/chat-state.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { callClientTool } from '#lib/chatkit-element/session/client-tool.ts'
import { EventReceiver, type ReceiverHooks } from '#lib/chatkit-element/session/event-receiver.ts'
import type { Signal } from '#lib/chatkit-element/signal.ts'

/** The limit of client tool rounds, in case a model never stops calling the page's tools. */
const MAX_CLIENT_TOOL_ROUNDS = 32

export type StreamHooks = ReceiverHooks & {
  /** Called when the server has accepted a request that changes the thread. */
  onAccepted: (threadId: string) => void
  /** Reads the thread as the server has it now. */
  reload: (signal: AbortSignal) => Promise<void>
}

/** Streams the answers of a turn into the state: the first, and one after each client tool call. */
export class TurnStream {
  readonly #state: Signal<ChatState>
  readonly #api: Api
  readonly #host: Host
  readonly #hooks: StreamHooks
  readonly #receiver: EventReceiver
  /** The ids of the runs that this page has asked for. */
  readonly #asked = new Set<string>()

  constructor(state: Signal<ChatState>, api: Api, host: Host, hooks: StreamHooks) {
    this.#state = state
    this.#api = api
    this.#host = host
    this.#hooks = hooks
    this.#receiver = new EventReceiver(state, host, hooks)
  }

  /** A turn begins; `isOwn` is false if another page has asked for it. */
  begin(isOwn: boolean): void {
    this.#receiver.begin(isOwn)
  }

  hasAskedFor({ runId }: EventStream): boolean {
    return runId !== null && this.#asked.has(runId)
  }

  /** Shows an event that belongs to no answer. */
  show(event: ThreadStreamEvent): void {
    this.#receiver.show(event)
  }

  /** Shows the waiting events now. */
  flush(): void {
    this.#receiver.flush()
  }

  /** Discards the waiting events. */
  clear(): void {
    this.#receiver.clear()
  }

  /** Shows the answer to a request until its end. Throws as `followAnswer` does. */
  follow(request: AnswerRequest, signal: AbortSignal, onOpen?: () => void): Promise<void> {
    return followAnswer(
      this.#api,
      request,
      {
        onOpen: (runId) => {
          onOpen?.()
          if (request.operation !== 'threads.attach') this.#noteAccepted(runId)
        },
        onEvent: (event) => {
          if (!signal.aborted) this.#receiver.receive(event)
        },
        onReconnecting: (reconnecting) => this.#state.patch({ reconnecting }),
        threadId: () => this.#threadId(),
        isUnfinished: () => {
          this.#receiver.flush()
          const { view, phase } = this.#state.value
          return view.open.size > 0 && !view.failure && phase !== 'stopping'
        },
        reload: this.#hooks.reload,
      },
      signal,
    )
  }

  /** Has the page answer its tool calls, and shows what the assistant says to each result. */
  async answerCalls(signal: AbortSignal): Promise<void> {
    for (let round = 0; round < MAX_CLIENT_TOOL_ROUNDS; round++) {
      const threadId = this.#threadId()
      const call = threadId && !signal.aborted ? this.#receiver.takeCall() : undefined
      if (!call) return
      const result = await callClientTool(call, this.#host)
      if (signal.aborted) return
      const completed = { ...call, status: 'completed' as const, output: result }
      const request = { operation: 'threads.add_client_tool_output', params: { thread_id: threadId, result } }
      await this.follow(request, signal, () => this.#receiver.show({ type: 'thread.item.replaced', item: completed }))
    }
  }

  #noteAccepted(runId: string | null): void {
    if (runId !== null) this.#asked.add(runId)
    const threadId = this.#threadId()
    if (threadId) this.#hooks.onAccepted(threadId)
  }

  #threadId(): string | null {
    return this.#state.value.view.thread?.id ?? null
  }
}
