import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { HARMLESS, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

type Transport = SSEServerTransport | StreamableHTTPServerTransport

type Options = {
  /** The transport of 2024 or the one of 2025. */
  kind?: 'sse' | 'streamable'
  /** Announces when its tools change. */
  announces?: boolean
  /** Lists every tool twice. */
  twice?: boolean
  /** Gets the body of each request of the newer transport. */
  told?: string[]
}

export type SessionServer = AsyncDisposable & {
  url: string
  /** Can be changed at any time. */
  tools: TestTool[]
  /** The MCP method of each request, in order. */
  seen: string[]
  calls: { tool: string; args: unknown }[]
  /** The number of sessions, and of streams on which their clients listen. */
  sessions: () => number
  streams: () => number
  /** Forgets all sessions, as a restart does. */
  forget: () => void
  /** Tells every session that the tools have changed. */
  announce: () => Promise<void>
}

/**
 * An MCP server of the first SDK, which speaks only older revisions and keeps a session for each
 * client.
 */
export async function sessionServer(
  tools: TestTool[],
  { kind = 'streamable', announces = false, twice = false, told }: Options = {},
): Promise<SessionServer> {
  const open = new Map<string, { transport: Transport; server: Server }>()
  const state = { tools: [...tools], seen: [] as string[], calls: [] as SessionServer['calls'] }
  let streams = 0
  const make = () => {
    const server = new Server({ name: 'older', version: '1' }, { capabilities: { tools: { listChanged: announces } } })
    server.setRequestHandler(ListToolsRequestSchema, () => {
      state.seen.push('tools/list')
      const listed = state.tools.map(({ name, description = name, annotations = HARMLESS }) => ({
        ...{ name, description, annotations },
        inputSchema: { type: 'object' as const },
      }))
      return { tools: twice ? [...listed, ...listed] : listed }
    })
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, { sendNotification }) => {
      const { name, arguments: args = {}, _meta } = params
      state.seen.push('tools/call')
      state.calls.push({ tool: name, args })
      const tool = state.tools.find((one) => one.name === name)
      const value = await tool?.run(args, new Request(url), async (progress, total, message) => {
        const progressToken = _meta?.progressToken
        if (progressToken !== undefined)
          await sendNotification({
            method: 'notifications/progress',
            params: { progressToken, progress, total, message },
          })
      })
      return { content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }] }
    })
    return server
  }
  const http = createServer(async (request, response) => {
    const { searchParams, pathname } = new URL(request.url ?? '/', 'http://x')
    if (request.method === 'GET') {
      streams += 1
      response.on('close', () => {
        streams -= 1
      })
    }
    if (kind === 'sse') {
      if (request.method === 'GET') {
        const transport = new SSEServerTransport('/messages', response)
        const server = make()
        open.set(transport.sessionId, { transport, server })
        response.on('close', () => open.delete(transport.sessionId))
        await server.connect(transport)
        return
      }
      const found = open.get(searchParams.get('sessionId') ?? '')?.transport as SSEServerTransport | undefined
      return found && pathname === '/messages'
        ? found.handlePostMessage(request, response)
        : void response.writeHead(405).end()
    }
    if (told) {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => void told.push(Buffer.concat(chunks).toString()))
    }
    const id = request.headers['mcp-session-id']
    let transport = open.get(String(id))?.transport as StreamableHTTPServerTransport | undefined
    if (id && !transport) return void response.writeHead(404).end()
    if (!transport) {
      const server = make()
      const fresh = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (made) => void open.set(made, { transport: fresh, server }),
        onsessionclosed: (gone) => void open.delete(gone),
      })
      transport = fresh
      await server.connect(fresh as never)
    }
    await transport.handleRequest(request, response)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/${kind === 'sse' ? 'sse' : 'mcp'}`
  noteAnswer(url)
  return Object.assign(state, {
    url,
    sessions: () => open.size,
    streams: () => streams,
    forget: () => open.clear(),
    announce: async () => {
      for (const { server } of open.values()) await server.sendToolListChanged()
    },
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  })
}
