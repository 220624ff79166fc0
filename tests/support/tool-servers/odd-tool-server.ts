import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { CALL_HABITS, type CallHabit, type Reply, text } from '#tests/support/tool-servers/tool-call-habits.ts'

// A tool server with the bad habits of real ones. Habits of calls are its tools (`done` lists those
// that did their work); the habit of a whole server is chosen when it is started.

type Message = { id?: number | string; method?: string; params?: Record<string, unknown> }

const schema = { type: 'object', properties: {} }
// None is destructive or of an open world, so that no call needs an approval.
const good = (name: string) => ({
  name,
  description: name,
  inputSchema: schema,
  annotations: { destructiveHint: false, openWorldHint: false },
})
const listed: Record<string, unknown>[] = Object.keys(CALL_HABITS).map((name) =>
  name === 'wrong_structured'
    ? { ...good(name), outputSchema: { type: 'object', properties: { seat: { type: 'number' } }, required: ['seat'] } }
    : good(name),
)

/** The odd behaviour of a whole server, by the request in which it shows. */
export const SERVER_HABITS = {
  tool_without_schema: { 'tools/list': () => ({ tools: [good('one'), { name: 'bad_one' }, good('two')] }) },
  tool_without_name: { 'tools/list': () => ({ tools: [good('one'), { inputSchema: schema }] }) },
  tool_with_odd_schema: {
    'tools/list': () => ({ tools: [good('one'), { name: 'bad_one', inputSchema: { type: 'array' } }] }),
  },
  tool_as_task: {
    'tools/list': () => ({ tools: [good('one'), { ...good('slow_one'), execution: { taskSupport: 'required' } }] }),
  },
  tool_twice: { 'tools/list': () => ({ tools: [good('one'), good('one')] }) },
  tool_of_no_text: {
    'tools/list': () => ({
      tools: [good('one'), good('nul\0'), good('half \ud83d'), { ...good('two'), description: 'a\0b\ud83d' }],
    }),
  },
  null_cursor: { 'tools/list': () => ({ tools: [good('one')], nextCursor: null }) },
  empty_cursor: { 'tools/list': () => ({ tools: [good('one')], nextCursor: '' }) },
  endless_cursors: {
    'tools/list': (count: number) => ({ tools: [good(`tool_${count}`)], nextCursor: `page ${count}` }),
  },
  list_is_no_list: { 'tools/list': () => ({ tools: 'many' }) },
  unknown_revision: {
    initialize: () => ({
      protocolVersion: '1999-12-31',
      capabilities: { tools: {} },
      serverInfo: { name: 'odd', version: '1' },
    }),
  },
  long_instructions: {
    initialize: () => ({
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'odd', version: '1' },
      instructions: 'Read this first. '.repeat(2_000),
    }),
    'tools/list': () => ({ tools: [good('one')] }),
  },
  none: {},
} satisfies Record<string, Record<string, (count: number) => unknown>>

export type OddServer = AsyncDisposable & {
  url: string
  /** The tools that did their work, in order. */
  done: string[]
  /** The method of each request (MCP's, or HTTP's), in order. */
  seen: string[]
}

/**
 * The server behind a real socket. With `slash` it is at /mcp/ and redirects there from /mcp, as a
 * mounted FastMCP does.
 */
export async function oddToolServer(
  habit: keyof typeof SERVER_HABITS = 'none',
  { slash = false } = {},
): Promise<OddServer> {
  const done: string[] = []
  const seen: string[] = []
  const counts = new Map<string, number>()
  const server = createServer(async (request, response) => {
    response.on('error', () => undefined)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { pathname } = new URL(request.url ?? '/', 'http://x')
    if (slash && pathname === '/mcp')
      return void response.writeHead(307, { location: `http://${request.headers.host}/mcp/` }).end()
    const message = (request.method === 'POST' ? JSON.parse(Buffer.concat(chunks).toString('utf8')) : {}) as Message
    const { id, method = request.method ?? '', params } = message
    seen.push(method)
    if (request.method !== 'POST') return void response.writeHead(405).end()
    if (id === undefined || message.method === undefined) return void response.writeHead(202).end()
    const reply = replyTo(id, response)
    const count = (counts.get(method) ?? 0) + 1
    counts.set(method, count)
    const odd = (SERVER_HABITS[habit] as Record<string, (count: number) => unknown>)[method]
    if (odd) return reply.result(odd(count))
    if (method === 'initialize')
      return reply.result({
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'odd', version: '1' },
      })
    if (method === 'tools/list') return reply.result({ tools: listed })
    if (method !== 'tools/call') return reply.error(-32601, 'Method not found')
    const name = String(params?.name)
    done.push(name)
    if (Object.hasOwn(CALL_HABITS, name)) CALL_HABITS[name as CallHabit](reply as never, name as never)
    else reply.result({ content: [text(`did ${name}`)] })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  noteAnswer(url)
  return {
    ...{ url, done, seen },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function replyTo(id: unknown, response: ServerResponse): Reply {
  const json = (message: unknown) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(message))
  return {
    ...{ id, response, json },
    result: (result) => json({ jsonrpc: '2.0', id, result }),
    error: (code, message, data) => json({ jsonrpc: '2.0', id, error: { code, message, data } }),
    status: (status, headers, body) => void response.writeHead(status, headers).end(body),
    stream: (messages, { open = false, ids = false } = {}) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (ids) response.write('id: 1\nretry: 10\ndata: \n\n')
      for (const message of messages) response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
      if (!open) response.end()
    },
  }
}
