'use client'

/** Delays (ms) between attempts to reattach to a running answer: about half a minute in total. */
const BACK_OFF_MS = [300, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
/** How long (ms) a stop waits until the thread's id is known. */
const NAME_MS = 10_000
/**
 * Idle timeout (ms): the server sends `: ping` every 15 s, so a longer silence means a lost
 * connection.
 */
const SILENT_MS = 50_000
/** The operations that are answered with a stream. */
const STREAMS =
  /^threads\.(create|add_user_message|add_client_tool_output|add_structured_input|retry_after_item|custom_action)$/

type Body = { type: string; params: { thread_id?: string }; metadata?: { resume?: boolean } }

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

/** One answer until its end, over as many connections as it takes. */
class Answer {
  readonly #send: typeof fetch
  readonly #input: RequestInfo | URL
  readonly #init: RequestInit
  readonly #body: Body
  readonly #hooks: Hooks
  /** Aborts the connection, not the answer. */
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

  /** True if the answer reached its end. */
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

  /** True if nothing is missing, false if the connection was lost. */
  async #read(response: Response, forward: (text: string) => void): Promise<boolean> {
    this.#runId = response.headers.get('x-run-id') ?? this.#runId
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let rest = ''
    let frame: string[] = []
    try {
      while (true) {
        const { value, done } = await within(reader.read())
        // A server that sends no event numbers cannot resume, so the end of its stream is the end
        // of the answer.
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

  /** Forwards a frame only when it is complete: half a frame would corrupt the next one. */
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

  /**
   * The chat aborted the stream: stops the run at the server, unless the person only navigated
   * away.
   */
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
