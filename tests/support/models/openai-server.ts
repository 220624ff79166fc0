import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestFaults } from '#tests/support/models/model-request.ts'
import { type Api, echoedFields, framesOf } from '#tests/support/models/openai-frames.ts'

/**
 * One scripted answer. Several fields are sent in this order: reasoning, text or refusal, calls.
 */
export type Step = {
  /** Whole, or in the pieces in which it streams. */
  text?: string | string[]
  /** Whole, or in the pieces in which it streams. */
  reasoning?: string | string[]
  refusal?: string
  calls?: { name: string; arguments: unknown; id?: string }[]
  /** In pieces of how many characters arguments stream; by default whole. */
  callPiece?: number
  usage?: { input: number; output: number }
  /**
   * The answer as it is on the wire, instead of all the above: chunks of Chat Completions, or
   * events of Responses.
   */
  frames?: unknown[]
  /** Everything, including a fault, arrives at once, as behind a buffering proxy. */
  burst?: boolean
  /** Milliseconds between two frames. */
  pace?: number
  /** After so many frames the others wait for this. */
  pause?: { after: number; until: Promise<unknown> }
  fault?:
    | { kind: 'status'; status: number; headers?: Record<string, string>; message?: string; code?: string }
    /** The socket is destroyed after so many frames. */
    | { kind: 'cut'; after: number }
    /**
     * The stream ends in good order after so many frames, without a finish reason or `completed`.
     */
    | { kind: 'ends'; after: number }
    /** Nothing more is sent after so many frames; with 0 not even the headers. */
    | { kind: 'silence'; after: number }
    /** A frame that is not JSON, after so many valid ones. */
    | { kind: 'malformed'; after: number }
}

export type RecordedRequest = {
  path: string
  headers: IncomingMessage['headers']
  body: Record<string, unknown>
  /** True once the client has disconnected before the end of its answer. */
  left?: boolean
}

/**
 * A server that speaks OpenAI's `/v1/responses` and `/v1/chat/completions` on a loopback socket and
 * answers from a script. A request that strict servers reject gets a 400 and a line in `faults`. If
 * such lines are left, disposing of the server fails the test.
 */
export type OpenAIServer = AsyncDisposable & {
  /** The value for OPENAI_BASE_URL. */
  url: string
  requests: RecordedRequest[]
  /** The requests for a thread's title. They use no step and are answered by `naming`. */
  names: RecordedRequest[]
  naming(step: Step): void
  /** What was wrong with the requests so far. */
  faults: string[]
  /** The ids that `/v1/models` lists. Without them there is no such path. */
  listed?: string[]
  /** What this server accepts although others reject it. */
  accepts?: (fault: string) => boolean
  /** Appends to the script. Each request uses one step. An empty script answers 500. */
  script(...steps: Step[]): void
  /**
   * The answer to a request that finds the script empty: for many turns at once in an unknown
   * order.
   */
  otherwise(choose: (request: RecordedRequest) => Step): void
}

/** Starts the server. Dispose of it with `await using` or `close`. */
export async function openAIServer(...steps: Step[]): Promise<OpenAIServer> {
  const queue = [...steps]
  const requests: RecordedRequest[] = []
  const names: RecordedRequest[] = []
  const faults: string[] = []
  const echoed = new Set<string>()
  let naming: Step = { text: 'A name' }
  let otherwise = (_: RecordedRequest): Step => ({
    fault: { kind: 'status', status: 500, message: 'the script is at its end' },
  })
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const path = request.url ?? ''
    if (it.listed && path.endsWith('/models')) {
      const data = it.listed.map((id) => ({ id, object: 'model', created: 1, owned_by: 'the tests' }))
      response.writeHead(200, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify({ object: 'list', data }))
    }
    const text = Buffer.concat(chunks).toString('utf8')
    // Requests for titles come in addition to any script.
    const isName = text.includes('Name this conversation')
    const recorded: RecordedRequest = { path, headers: request.headers, body: JSON.parse(text || '{}') }
    response.on('close', () => {
      recorded.left = !response.writableEnded
    })
    ;(isName ? names : requests).push(recorded)
    const api: Api | undefined = path.endsWith('/responses')
      ? 'responses'
      : path.endsWith('/chat/completions')
        ? 'chat'
        : undefined
    if (!api) return refuse(response, 404, {}, `no such path: ${path}`)
    const wrong = requestFaults(api, recorded.body, echoed).filter((fault) => !it.accepts?.(fault))
    if (wrong.length > 0) {
      faults.push(...wrong)
      return refuse(response, 400, {}, wrong.join('; '), 'invalid_request_error')
    }
    const step = isName ? naming : (queue.shift() ?? otherwise(recorded))
    const { fault } = step
    if (fault?.kind === 'status')
      return refuse(response, fault.status, fault.headers, fault.message ?? 'scripted fault', fault.code)
    if (fault?.kind === 'silence' && fault.after === 0) return
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    const frames = framesOf(api, step, requests.length)
    for (const field of echoedFields(api, frames)) echoed.add(field)
    if (step.burst) return sendAtOnce(response, frames, fault)
    let sent = 0
    for (const frame of frames) {
      if (fault && sent === fault.after) return await misbehave(response, fault.kind)
      if (sent === step.pause?.after) await step.pause.until
      response.write(`data: ${frame}\n\n`)
      sent += 1
      if (step.pace) await sleep(step.pace)
    }
    response.end()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const it: OpenAIServer = {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    names,
    faults,
    naming: (step) => {
      naming = step
    },
    script: (...more) => void queue.push(...more),
    otherwise: (choose) => {
      otherwise = choose
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      if (faults.length > 0) throw new Error(`a strict model server refuses these requests:\n${faults.join('\n')}`)
    },
  }
  return it
}

function sendAtOnce(
  response: ServerResponse,
  frames: string[],
  fault: Exclude<Step['fault'], { kind: 'status' }>,
): void {
  const sent = frames.slice(0, fault?.after)
  if (fault?.kind === 'malformed') sent.push('{"type": oh no')
  const bytes = sent.map((frame) => `data: ${frame}\n\n`).join('')
  if (fault?.kind === 'cut') response.write(bytes, () => response.destroy())
  else if (fault?.kind === 'silence') response.write(bytes)
  else response.end(bytes)
}

async function misbehave(response: ServerResponse, kind: 'cut' | 'ends' | 'silence' | 'malformed'): Promise<void> {
  if (kind === 'silence') return
  if (kind === 'malformed') response.write('data: {"type": oh no\n\n')
  // The frames before the cut must arrive first.
  await sleep(20)
  if (kind === 'cut') response.destroy()
  else response.end()
}

function refuse(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  message = '',
  code?: string,
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ error: { message, type: 'error', code: code ?? null, param: null } }))
}
