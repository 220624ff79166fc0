import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import { transportAs } from '#lib/mcp-client/connection/transport.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { keepSignal } from '#lib/platform/http/keep-signal.ts'
import { VERSION } from '#lib/platform/version.ts'
import { collectGarbage } from '#tests/support/collect-garbage.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpHandler, mcpServer } from '#tests/support/tool-servers/mcp-server.ts'
import { sessionServer } from '#tests/support/tool-servers/session-server.ts'
import { callingRun, textOf, toolServer } from '#tests/support/tool-servers/tool-servers.ts'

const add = { name: 'add', run: ({ a, b }: Record<string, unknown>) => String(Number(a) + Number(b)) }
const BUILTIN_URL = 'http://127.0.0.1:3999/mcp'
const ended = (count: () => number) => vi.waitFor(() => expect(count()).toBe(0), { timeout: 10_000 })

test.each(['sse', 'streamable'] as const)(
  'over %s a session and its stream end, however much garbage was collected meanwhile',
  async (kind) => {
    await using server = await sessionServer([add], { kind })
    const { caller } = await signedIn()
    const mcp = await openMcp(await callingRun(caller), {
      servers: [toolServer(server.url, kind === 'sse' ? { transport: 'sse' } : {})],
    })
    expect(textOf(await mcp.connections[0]?.callToolResult('add', { a: 1, b: 1 }))).toBe('2')
    await vi.waitFor(() => expect(server.streams()).toBe(1), 20_000)
    await collectGarbage()
    await mcp.close()
    await ended(server.sessions)
    await ended(server.streams)
  },
)

test.each(['over a socket', 'in this process'])(
  'a call that is stopped ends at the server %s, however much garbage was collected meanwhile',
  async (way) => {
    const builtin = way === 'in this process'
    const began = Promise.withResolvers<void>()
    const aborted = Promise.withResolvers<void>()
    const held: AbortSignal[] = []
    const wait = (_: unknown, { signal }: Request) => {
      held.push(signal)
      signal.addEventListener('abort', () => aborted.resolve())
      began.resolve()
      return aborted.promise
    }
    const tools = [{ name: 'wait', run: wait }]
    await using server = await mcpServer(tools)
    const { caller } = await signedIn()
    const handle = mcpHandler(tools)
    const mcp = await openMcp(await callingRun(caller), {
      servers: [builtin ? { name: 'switchboard', url: BUILTIN_URL, builtin } : toolServer(server.url)],
      builtinFetch: (input, init) => handle(keepSignal(new Request(input, init))),
    })
    const stop = new AbortController()
    const call = mcp.connections[0]?.callToolResult('wait', {}, null, { signal: stop.signal })
    await began.promise
    await collectGarbage()
    stop.abort()
    await aborted.promise
    expect(await call).toMatchObject({ isError: true })
    await mcp.close()
  },
)

test('over sse a handshake that is given up closes the stream', async () => {
  withSettings({ MCP_CONNECT_TIMEOUT: '1' })
  const streams = new Set<ServerResponse>()
  const http = createServer((request, response) => {
    if (request.method !== 'GET') return void response.writeHead(202).end()
    streams.add(response.on('close', () => streams.delete(response)))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: endpoint\ndata: /messages\n\n')
  })
  const { caller } = await signedIn()
  const server = toolServer(`${await listen(http)}/sse`, { transport: 'sse' })
  const connection = new ToolConnection(server, await callingRun(caller), transportAs(server, caller))
  await expect(connection.askTools()).rejects.toThrow()
  await connection.close()
  await ended(() => streams.size)
})

test.each([
  [401, 'unauthorised'],
  [403, 'forbidden'],
  [200, 'protocol_error'],
])('over sse a stream that is refused with HTTP %d has its class: %s', async (status, failureClass) => {
  const url = await listen(
    createServer((_request, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>no</h1>'),
    ),
  )
  noteAnswer(`${url}/sse`)
  const { caller } = await signedIn()
  const mcp = await openMcp(await callingRun(caller), { servers: [toolServer(`${url}/sse`, { transport: 'sse' })] })
  expect(mcp.unavailable).toMatchObject([{ failureClass }])
  await mcp.close()
})

test('every session that a connection opened ends with it, the lost ones too', async () => {
  const server = await scriptedServer()
  const { caller } = await signedIn()
  const connection = await connect(server.url, caller)
  await connection.askTools()
  server.forget()
  expect(textOf(await connection.callToolResult('add', {}))).toBe('2')
  await connection.close()
  expect(server.begun).toHaveLength(2)
  expect(server.ended.toSorted()).toEqual(server.begun.toSorted())
})

test('a session that begins while its connection is closed is ended', async () => {
  const answer = Promise.withResolvers<void>()
  const server = await scriptedServer({ initialize: () => answer.promise })
  const { caller } = await signedIn()
  const connection = await connect(server.url, caller)
  const asking = connection.askTools()
  asking.catch(() => undefined)
  await vi.waitFor(() => expect(server.begun).toHaveLength(1), 20_000)
  const closing = connection.close()
  answer.resolve()
  await closing
  await expect(asking).rejects.toThrow()
  expect(server.ended).toEqual(server.begun)
  await expect(connection.askTools()).rejects.toMatchObject({ name: 'AbortError' })
  expect(server.begun).toHaveLength(1)
})

test('a session whose handshake fails after it began is ended', async () => {
  const server = await scriptedServer({ 'notifications/initialized': () => 500 })
  const { caller } = await signedIn()
  const connection = await connect(server.url, caller)
  await expect(connection.askTools()).rejects.toThrow()
  await connection.close()
  expect(server.begun).toHaveLength(1)
  expect(server.ended).toEqual(server.begun)
})

test('a server that never answers to the end of a session holds nobody up', async () => {
  const server = await scriptedServer({ DELETE: () => new Promise(() => undefined) })
  const { caller } = await signedIn()
  const connection = await connect(server.url, caller)
  await connection.askTools()
  await connection.close()
  expect(server.ended).toEqual(server.begun)
})

test.each(['legacy', 'modern'] as const)('a %s server is told who we are, and that we answer nothing', async (era) => {
  const told: string[] = []
  await using server =
    era === 'legacy'
      ? await sessionServer([add], { told })
      : await mcpServer([add], async (request) => void told.push(await request.clone().text()))
  const { caller } = await signedIn()
  const mcp = await openMcp(await callingRun(caller), { servers: [toolServer(server.url)] })
  await mcp.connections[0]?.callToolResult('add', { a: 1, b: 1 })
  await mcp.close()
  const names = told.flatMap((body) => /"clientInfo":(\{[^}]*\})/.exec(body)?.[1] ?? [])
  const modern = told.flatMap((body) => /"io.modelcontextprotocol\/clientInfo":(\{[^}]*\})/.exec(body)?.[1] ?? [])
  const all = [...names, ...modern].map((text) => JSON.parse(text))
  expect(all.length).toBeGreaterThan(0)
  for (const info of all) expect(info).toEqual({ name: 'switchboard', title: 'Switchboard', version: VERSION })
  expect(told.join()).toMatch(/"(capabilities|io.modelcontextprotocol\/clientCapabilities)":\{\}/)
})

async function connect(url: string, caller: { userId: string }): Promise<ToolConnection> {
  const server = toolServer(url)
  return new ToolConnection(server, await callingRun(caller), transportAs(server, caller))
}

/** What a step of the handshake waits for, or the status that it is answered with. */
type Step = () => Promise<unknown> | number

/** A server with sessions that notes each one that begins, and each one that its client ends. */
async function scriptedServer(steps: Record<string, Step> = {}) {
  const state = { begun: [] as string[], ended: [] as string[], known: new Set<string>() }
  const results: Record<string, object> = {
    initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } },
    'tools/list': { tools: [{ name: 'add', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [{ type: 'text', text: '2' }] },
  }
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const session = String(request.headers['mcp-session-id'])
    if (request.method === 'DELETE') {
      state.ended.push(session)
      await steps.DELETE?.()
      return void response.writeHead(204).end()
    }
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString()) as { id?: number; method: string }
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (method === 'initialize') {
      headers['mcp-session-id'] = crypto.randomUUID()
      state.begun.push(headers['mcp-session-id'])
      state.known.add(headers['mcp-session-id'])
    } else if (method === 'server/discover' || !state.known.has(session)) return void response.writeHead(404).end()
    const status = (await steps[method]?.()) ?? 200
    if (typeof status === 'number' && status !== 200) return void response.writeHead(status).end()
    if (id === undefined) return void response.writeHead(202).end()
    response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? {} }))
  })
  const url = `${await listen(http)}/mcp`
  noteAnswer(url)
  return Object.assign(state, { url, forget: () => state.known.clear() })
}

async function listen(http: Server): Promise<string> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

test('the sessions end if the servers of a run cannot all be opened', async () => {
  await using server = await sessionServer([add])
  const { caller } = await signedIn()
  // What only a fault of ours could be, after the server has listed its tools.
  const sound = toolServer(server.url)
  const broken = { ...sound, config: { ...sound.config, allow: [{}] } as never }
  await expect(openMcp(await callingRun(caller), { servers: [broken] })).rejects.toThrow()
  await ended(server.sessions)
  expect(server.seen).toContain('tools/list')
})
