import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { framesOf } from '#tests/support/models/openai-frames.ts'
import type { Step } from '#tests/support/models/openai-server.ts'

/** The two APIs, by their names in the setting. */
export const APIS = ['responses', 'chat_completions'] as const
export type ApiName = (typeof APIS)[number]

/** The answer to a request, written to the socket by hand. */
export type Answer = (response: ServerResponse, body: Record<string, unknown>, request: IncomingMessage) => unknown

/** A model server that answers by hand, for what a server that follows the API never does. */
export type RawModel = AsyncDisposable & {
  url: string
  requests: Record<string, unknown>[]
  answer(...more: Answer[]): void
}

/** Starts the server. Each request uses one answer; the last answer is used for ever. */
export async function rawModel(...answers: Answer[]): Promise<RawModel> {
  const requests: Record<string, unknown>[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}')
    if (JSON.stringify(body).includes('Name this conversation')) return response.writeHead(500).end()
    requests.push(body)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    return answer?.(response, body, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    answer: (...more) => void answers.splice(0, answers.length, ...more),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A JSON answer. */
export function jsonAnswer(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

/** The server-sent events of a scripted answer, each with its empty line. */
export function eventsOf(api: ApiName, step: Step): string[] {
  return framesOf(api === 'responses' ? 'responses' : 'chat', step, 1).map((frame) => `data: ${frame}\n\n`)
}

/** A complete stream of these events. */
export function streamAnswer(api: ApiName, step: Step): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(eventsOf(api, step).join(''))
  }
}
