import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { encodeEvent } from '#lib/platform/http/sent-events.ts'
import { serve } from '#tests/support/processes/serve.ts'

type Params = Record<string, unknown>
/** What a server answers to a method: a result as it is sent, well-formed or not. */
export type Answers = Record<string, (params: Params, request: Request) => unknown>

export type OfferServer = AsyncDisposable & {
  url: string
  /** The requests in order, without those that only open a session. */
  asked: { method: string; params: Params; authorization: string | null }[]
  /** Sends a notice on every stream on which a client listens. */
  announce: (method: string) => void
}

const OPENING = new Set(['initialize', 'server/discover'])

/**
 * An MCP server of revision 2025-11-25 on a loopback socket that sends exactly what `answers` says.
 * It does not know other methods.
 */
export async function offerServer(
  answers: Answers,
  capabilities: object = { prompts: {}, resources: {}, completions: {} },
): Promise<OfferServer> {
  const asked: OfferServer['asked'] = []
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>()
  const listen = () => {
    let own: ReadableStreamDefaultController<Uint8Array>
    const start = (controller: typeof own) => {
      own = controller
      streams.add(controller)
    }
    const body = new ReadableStream({ start, cancel: () => void streams.delete(own) })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
  const { url, close } = await serve(async (request) => {
    if (request.method === 'GET') return listen()
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const {
      id,
      method,
      params = {},
    } = (await request.clone().json()) as { id?: number; method: string; params?: Params }
    if (id === undefined) return new Response(null, { status: 202 })
    if (!OPENING.has(method)) asked.push({ method, params, authorization: request.headers.get('authorization') })
    const initialized = {
      protocolVersion: '2025-11-25',
      capabilities,
      serverInfo: { name: 'offers', version: '1' },
    }
    const answer = method === 'initialize' ? () => initialized : answers[method]
    if (!answer) return Response.json({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })
    return Response.json({ jsonrpc: '2.0', id, result: await answer(params, request) })
  })
  noteAnswer(`${url}/mcp`)
  return {
    url: `${url}/mcp`,
    asked,
    announce: (method) => {
      for (const stream of streams) stream.enqueue(encodeEvent({ data: JSON.stringify({ jsonrpc: '2.0', method }) }))
    },
    [Symbol.asyncDispose]: close,
  }
}

/** Some prompts and resources of a friendly server. */
export const FRIENDLY: Answers = {
  'tools/list': () => ({ tools: [] }),
  'prompts/list': () => ({
    prompts: [
      {
        name: 'review',
        title: 'Review a file',
        description: 'Looks for faults.',
        arguments: [{ name: 'file', description: 'Which file.', required: true }, { name: 'depth' }],
      },
    ],
  }),
  'prompts/get': ({ arguments: args }) => ({
    messages: [
      { role: 'user', content: { type: 'text', text: `Review ${(args as { file?: string }).file} for faults.` } },
      { role: 'assistant', content: { type: 'text', text: 'I will be brief.\nAnd kind.' } },
    ],
  }),
  'resources/list': () => ({
    resources: [
      {
        uri: 'doc://budget',
        name: 'Budget 2027',
        description: 'What we may spend.',
        mimeType: 'text/plain',
        size: 2048,
      },
      { uri: 'doc://plan', name: 'Plan', mimeType: 'text/markdown' },
    ],
  }),
  'resources/templates/list': () => ({
    resourceTemplates: [{ uriTemplate: 'ticket://{number}', name: 'Ticket' }],
  }),
  'resources/read': ({ uri }) => ({ contents: [{ uri, mimeType: 'text/plain', text: `The text of ${uri}.` }] }),
  'completion/complete': ({ argument }) => {
    const { value } = argument as { value: string }
    return { completion: { values: ['alpha.ts', 'beta.ts', '101', '102'].filter((one) => one.startsWith(value)) } }
  },
}
