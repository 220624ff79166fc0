import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'

/**
 * The answer to a call over HTTP+SSE (revision 2024-11-05), by the name of its tool. The request is
 * answered with 202 unless a habit answers it itself.
 */
const SSE_HABITS: Record<string, (stream: ServerResponse, id: unknown, posted: ServerResponse) => void> = {
  other_id: (stream) => send(stream, { jsonrpc: '2.0', id: 4711, result: { content: [] } }),
  stream_ends: (stream) => stream.end(),
  stream_breaks: (stream) => stream.destroy(),
  string_content: (stream, id) => send(stream, { jsonrpc: '2.0', id, result: { content: 'forty-two' } }),
  quota: (stream, id) =>
    send(stream, { jsonrpc: '2.0', id, error: { code: -32000, message: 'Quota of 5 exports a day is used up' } }),
  post_unanswered: (stream, id, _posted) => send(stream, DONE(id)),
  post_breaks_late: (stream, id, posted) => {
    send(stream, DONE(id))
    setTimeout(() => posted.destroy(), 100)
  },
  post_breaks: (_stream, _id, posted) => posted.destroy(),
  post_401: (_stream, _id, posted) => posted.writeHead(401).end(),
  post_403: (_stream, _id, posted) => posted.writeHead(403).end(),
  post_404: (_stream, _id, posted) => posted.writeHead(404).end('unknown session'),
  post_413: (_stream, _id, posted) => posted.writeHead(413).end(),
  post_429: (_stream, _id, posted) => posted.writeHead(429, { 'retry-after': '40' }).end(),
  post_500: (_stream, _id, posted) => posted.writeHead(500).end('it broke'),
}

const DONE = (id: unknown) => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'done' }] } })

function send(stream: ServerResponse, message: unknown): void {
  stream.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
}

/** A server of the transport of 2024 with these habits, on a loopback socket. */
export async function oddSseServer(): Promise<AsyncDisposable & { url: string }> {
  let stream: ServerResponse | undefined
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      stream = response
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: endpoint\ndata: /messages\n\n')
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      id?: number
      method?: string
      params?: { name: string }
    }
    const habit = method === 'tools/call' ? SSE_HABITS[params?.name ?? ''] : undefined
    if ((habit?.length ?? 0) < 3) response.writeHead(202).end()
    if (!stream || id === undefined) return
    const inputSchema = { type: 'object', properties: {} }
    const results: Record<string, unknown> = {
      initialize: {
        protocolVersion: '2024-11-05',
        capabilities: { tools: {} },
        serverInfo: { name: 'odd', version: '1' },
      },
      'tools/list': { tools: Object.keys(SSE_HABITS).map((name) => ({ name, inputSchema })) },
    }
    if (habit) habit(stream, id, response)
    else send(stream, { jsonrpc: '2.0', id, result: results[method ?? ''] ?? {} })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`
  noteAnswer(url)
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
