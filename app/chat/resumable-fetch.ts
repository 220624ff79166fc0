'use client'

import { Api } from '#lib/chatkit/client/api.ts'
import { LostError } from '#lib/chatkit/client/api-errors.ts'
import { type EventStream, toEventStream } from '#lib/chatkit/client/event-stream.ts'
import { followAnswer } from '#lib/chatkit/client/follow-answer.ts'
import { newRequestId } from '#lib/chatkit/client/request-id.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { encodeEvent } from '#lib/platform/http/sent-events.ts'

/** How long (ms) a stop waits until the thread's id is known. */
const NAME_MS = 10_000
/** The operations that are answered with a stream. */
const STREAMS =
  /^threads\.(create|add_user_message|add_client_tool_output|add_structured_input|retry_after_item|custom_action)$/

/** Nobody reads these: the chat gets its own error. */
const STRINGS = { unreachable: 'The server cannot be reached.', serverFault: 'The server failed.' }

type Body = {
  type: string
  params: { thread_id?: string }
  metadata?: { resume?: boolean; request_id?: string }
}

type Hooks = {
  /**
   * Called shortly after the chat aborted a stream. True if the person left the conversation or the
   * page, so that nothing is to be stopped.
   */
  hasLeft: (threadId: string) => Promise<boolean>
  /** The rest of an answer is lost. The page should show what the server has stored. */
  onLost: () => void
}

/**
 * A fetch for a chat script that does not handle broken connections (OpenAI's). If a connection
 * breaks, the answer continues where it broke. If the chat aborts a stream, the answer is stopped
 * at the server too, unless the person only left. Requests that ask for numbered streams themselves
 * (our element) pass through.
 */
export function makeResumableFetch(send: typeof fetch, hooks: Hooks): typeof fetch {
  return async (input, init) => {
    const body = streamRequest(init)
    if (!body) return send(input, init)
    const answer = new Answer(send, input, init ?? {}, body, hooks)
    return answer.open()
  }
}

function streamRequest(init: RequestInit | undefined): Body | null {
  if (typeof init?.body !== 'string') return null
  try {
    const body = JSON.parse(init.body) as Body
    return STREAMS.test(body.type) && !body.metadata?.resume ? body : null
  } catch {
    return null
  }
}

/** One answer until its end, over as many connections as it takes. */
class Answer {
  readonly #send: typeof fetch
  readonly #input: RequestInfo | URL
  readonly #init: RequestInit
  readonly #body: Body
  readonly #hooks: Hooks
  readonly #id: string
  /** Aborts the connection, not the answer. */
  readonly #gone = new AbortController()
  readonly #named = Promise.withResolvers<string>()
  #threadId: string | null = null
  #isComplete = false
  #isGivenUp = false

  constructor(send: typeof fetch, input: RequestInfo | URL, init: RequestInit, body: Body, hooks: Hooks) {
    this.#send = send
    this.#input = input
    this.#init = init
    this.#body = body
    this.#hooks = hooks
    this.#id = body.metadata?.request_id ?? newRequestId()
    if (body.params.thread_id) this.#name(body.params.thread_id)
  }

  async open(): Promise<Response> {
    const { signal } = this.#init
    signal?.throwIfAborted()
    const givenUp = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason)
        void this.#giveUp()
      })
    })
    givenUp.catch(() => undefined)
    const opened = this.#request()
    opened.catch(() => undefined)
    const response = await Promise.race([opened, givenUp])
    const stream = toEventStream(response, this.#gone.signal)
    if (!stream) return response
    const { status, headers } = response
    return new Response(this.#whole(stream, givenUp), { status, headers })
  }

  /** Sends the request of the chat, with an id under which it can be sent again. */
  #request(): Promise<Response> {
    const metadata = { ...this.#body.metadata, request_id: this.#id, resume: true }
    return this.#send(this.#input, {
      ...this.#init,
      body: JSON.stringify({ ...this.#body, metadata }),
      signal: this.#gone.signal,
    })
  }

  #whole(first: EventStream, givenUp: Promise<never>): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: async (controller) => {
        givenUp.catch((reason) => controller.error(reason))
        try {
          await this.#follow(first, (event) => controller.enqueue(encodeEvent({ data: JSON.stringify(event) })))
          this.#isComplete = true
          if (!this.#isGivenUp) controller.close()
        } catch {
          if (this.#isGivenUp) return
          this.#hooks.onLost()
          controller.error(new TypeError('The connection was lost.'))
        }
      },
      cancel: () => this.#giveUp(),
    })
  }

  /** Throws LostError if the rest of the answer cannot be found. */
  #follow(opened: EventStream, forward: (event: ThreadStreamEvent) => void): Promise<void> {
    const { type: operation, params } = this.#body
    const request = { operation, params, id: this.#id, opened }
    const hooks = {
      onEvent: (event: ThreadStreamEvent) => {
        if (event.type === 'thread.created') this.#name(event.thread.id)
        if (!this.#isGivenUp) forward(event)
      },
      onReconnecting: () => undefined,
      threadId: () => this.#threadId,
      isUnfinished: () => false,
      reload: () => Promise.reject(new LostError('The connection was lost.')),
    }
    return followAnswer(this.#api(), request, hooks, this.#gone.signal)
  }

  /** The endpoint that the chat itself asked, with the chat's headers. */
  #api(): Api {
    const { headers } = this.#init
    const send: typeof fetch = (input, init) =>
      this.#send(input, { ...this.#init, ...init, headers: { ...toRecord(headers), ...toRecord(init?.headers) } })
    const url = this.#input instanceof Request ? this.#input.url : String(this.#input)
    return new Api(() => ({ url, fetch: send, locale: navigator.language, strings: STRINGS }))
  }

  #name(threadId: string): void {
    this.#threadId = threadId
    this.#named.resolve(threadId)
  }

  /**
   * The chat aborted the stream: stops the run at the server, unless the person only navigated
   * away.
   */
  async #giveUp(): Promise<void> {
    if (this.#isGivenUp || this.#isComplete) return
    this.#isGivenUp = true
    const threadId = await Promise.race([this.#named.promise, pause(NAME_MS)])
    if (threadId && !this.#isComplete && !(await this.#hooks.hasLeft(threadId))) {
      const body = JSON.stringify({ type: 'threads.stop', params: { thread_id: threadId } })
      await this.#send(this.#input, { ...this.#init, body, signal: AbortSignal.timeout(NAME_MS) }).catch(
        () => undefined,
      )
    }
    this.#gone.abort()
  }
}

function toRecord(headers: HeadersInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(headers))
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
