'use client'

/** Waits between attempts to find a running answer again, in ms: about half a minute in all. */
const BACK_OFF_MS = [300, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
/** A stop waits so long for the conversation to have a name. */
const NAME_MS = 10_000
/** A server that sends `: ping` each 15 s and is silent for this long has lost us. */
const SILENT_MS = 50_000
/** The operations whose answer is a stream. */
const STREAMS =
  /^threads\.(create|add_user_message|add_client_tool_output|add_structured_input|retry_after_item|custom_action)$/

type Body = { type: string; params: { thread_id?: string }; metadata?: { resume?: boolean } }

type Hooks = {
  /** Asked shortly after the chat gave a stream up: true where the person left the conversation or the page, and nothing is to be stopped. */
  hasLeft: (threadId: string) => Promise<boolean>
  /** The rest of an answer could not be had: what the server has stored is the whole truth. */
  onLost: () => void
}

/**
 * A fetch for a chat whose own script knows nothing of broken connections (OpenAI's): an answer whose connection breaks is
 * read on where it broke, and a stream that the chat gives up in the middle is stopped at the server as well, unless the
 * person only left. What asks for numbered streams itself (our element) is passed through.
 */
export function resumableFetch(send: typeof fetch, hooks: Hooks): typeof fetch {
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

/** One answer to its end, over as many connections as it takes. */
class Answer {
  readonly #send: typeof fetch
  readonly #input: RequestInfo | URL
  readonly #init: RequestInit
  readonly #body: Body
  readonly #hooks: Hooks
  /** Ends the connection, not the answer. */
  readonly #gone = new AbortController()
  readonly #named = Promise.withResolvers<string>()
  #threadId: string | undefined
  #runId: string | null = null
  #last = 0
  #complete = false

  constructor(send: typeof fetch, input: RequestInfo | URL, init: RequestInit, body: Body, hooks: Hooks) {
    this.#send = send
    this.#input = input
    this.#init = init
    this.#body = body
    this.#hooks = hooks
    this.#name(body.params.thread_id)
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
    const opened = this.#request(this.#body)
    opened.catch(() => undefined)
    const response = await Promise.race([opened, givenUp])
    if (!isStream(response)) return response
    const { status, headers } = response
    return new Response(this.#whole(response, givenUp), { status, headers })
  }

  #request(body: Body): Promise<Response> {
    const metadata = { ...body.metadata, resume: true }
    return this.#send(this.#input, {
      ...this.#init,
      body: JSON.stringify({ ...body, metadata }),
      signal: this.#gone.signal,
    })
  }

  #whole(first: Response, givenUp: Promise<never>): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder()
    return new ReadableStream({
      start: async (controller) => {
        givenUp.catch((reason) => controller.error(reason))
        const forward = (text: string) => {
          if (!this.#init.signal?.aborted) controller.enqueue(encoder.encode(text))
        }
        if (await this.#readAll(first, forward)) controller.close()
        else if (!this.#init.signal?.aborted) {
          this.#hooks.onLost()
          controller.error(new TypeError('The connection was lost.'))
        }
      },
      cancel: () => this.#giveUp(),
    })
  }

  /** True when the answer came to its end. */
  async #readAll(first: Response, forward: (text: string) => void): Promise<boolean> {
    if (await this.#read(first, forward)) return true
    for (let tries = 0; tries < BACK_OFF_MS.length; tries += 1) {
      await pause(BACK_OFF_MS[tries] ?? 0)
      const before = this.#last
      if (this.#gone.signal.aborted || !this.#threadId) return false
      const params = { thread_id: this.#threadId, ...(this.#runId && { run_id: this.#runId }), after: this.#last }
      const response = await this.#request({ type: 'threads.attach', params }).catch(() => undefined)
      if (response && isStream(response) && (await this.#read(response, forward))) return true
      if (this.#last > before) tries = -1
      if (response && response.status >= 400 && response.status < 500 && response.status !== 429) return false
    }
    return false
  }

  /** True when nothing is missing, false when the connection was lost. */
  async #read(response: Response, forward: (text: string) => void): Promise<boolean> {
    this.#runId = response.headers.get('x-run-id') ?? this.#runId
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let rest = ''
    let frame: string[] = []
    try {
      while (true) {
        const { value, done } = await within(reader.read())
        // A server that counts nothing cannot be asked for the rest either: its end is the end.
        if (done) return this.#complete || this.#last === 0
        const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          if (line.startsWith(':')) this.#comment(line, forward)
          else if (line !== '') frame.push(line)
          else {
            this.#take(frame, forward)
            frame = []
          }
        }
      }
    } catch {
      return false
    } finally {
      await reader.cancel().catch(() => undefined)
    }
  }

  #comment(line: string, forward: (text: string) => void): void {
    if (line === ': end') this.#complete = true
    else forward(`${line}\n`)
  }

  /** A frame goes on as upstream frames it, and only whole: half of one would spoil the next. */
  #take(frame: string[], forward: (text: string) => void): void {
    const id = frame.find((line) => line.startsWith('id:'))
    const lines = frame.filter((line) => line !== id)
    if (id) this.#last = Number(id.slice(3))
    if (lines.length === 0) return
    if (!this.#threadId) this.#name(createdThread(lines))
    forward(`${lines.join('\n')}\n\n`)
  }

  #name(threadId: string | undefined): void {
    if (!threadId) return
    this.#threadId = threadId
    this.#named.resolve(threadId)
  }

  /** The chat wants no more of it: stopped at the server, unless the person only went elsewhere. */
  async #giveUp(): Promise<void> {
    if (this.#gone.signal.aborted || this.#complete) return
    const threadId = await Promise.race([this.#named.promise, pause(NAME_MS)])
    if (threadId && !this.#complete && !(await this.#hooks.hasLeft(threadId))) {
      const body = JSON.stringify({ type: 'threads.stop', params: { thread_id: threadId } })
      await this.#send(this.#input, { ...this.#init, body, signal: AbortSignal.timeout(NAME_MS) }).catch(
        () => undefined,
      )
    }
    this.#gone.abort()
  }
}

function isStream(response: Response): boolean {
  return (
    response.ok &&
    response.body !== null &&
    (response.headers.get('content-type') ?? '').startsWith('text/event-stream')
  )
}

function createdThread(lines: string[]): string | undefined {
  try {
    const event = JSON.parse(lines.map((line) => line.slice(5)).join('\n')) as {
      type?: string
      thread?: { id?: string }
    }
    return event.type === 'thread.created' ? event.thread?.id : undefined
  } catch {
    return undefined
  }
}

async function within<T>(read: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('silent')), SILENT_MS)
  })
  return Promise.race([read, silent]).finally(() => clearTimeout(timer))
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
