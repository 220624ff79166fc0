import { once } from 'node:events'
import { createServer as createTls } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTcp, type Socket } from 'node:net'
import { InMemoryServerEventBus } from '@modelcontextprotocol/server'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { SELF_SIGNED } from '#tests/support/processes/self-signed.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpHandler, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

/** The requests that a fault affects: those of one MCP method, or all. */
export type Stage = 'any' | 'connect' | 'tools/list' | 'tools/call'

/**
 * What can be wrong with a server. `commits` of a cut says whether the tool ran before the
 * connection broke.
 */
export type Fault =
  | { kind: 'status'; status: number; stage?: Stage; headers?: Record<string, string>; body?: string }
  | { kind: 'hang'; stage?: Stage }
  | { kind: 'malformed'; stage?: Stage }
  | { kind: 'wrong-type'; stage?: Stage }
  | { kind: 'redirect'; to: string; status?: number; stage?: Stage }
  | { kind: 'cut'; stage?: Stage; commits?: boolean }
  | { kind: 'session-lost'; after: number }
  | { kind: 'none' }

export type FaultServer = AsyncDisposable & {
  url: string
  /** Can be changed at any time: the next request meets the new one. */
  fault: Fault
  /** Can be changed at any time: the next listing has the new ones. */
  tools: TestTool[]
  /** What ran, in order, whether or not its answer arrived. */
  calls: { tool: string; args: Record<string, unknown> }[]
  /** The MCP method of each request (or its HTTP method), in order. */
  seen: string[]
  requests: Request[]
  /**
   * `announce` tells every subscriber that the tools have changed; `listening` is the number of
   * subscribers.
   */
  announce: () => void
  listening: () => number
}

/**
 * An MCP server on a loopback socket with the behaviour of `fault`. Its list is valid for `ttlMs`;
 * with `announces` it announces changes.
 */
export async function faultServer(
  tools: TestTool[],
  fault: Fault = { kind: 'none' },
  { ttlMs, announces = false }: { ttlMs?: number; announces?: boolean } = {},
): Promise<FaultServer> {
  const bus = new InMemoryServerEventBus()
  const state = { fault, tools, calls: [] as FaultServer['calls'], seen: [] as string[], requests: [] as Request[] }
  const { url, close } = await serve(async (request) => {
    const text = request.method === 'POST' ? await request.clone().text() : ''
    const method = methodOf(text) ?? request.method
    state.seen.push(method)
    state.requests.push(request)
    const answer = () =>
      mcpHandler(state.tools, (tool, args) => state.calls.push({ tool, args }), {
        ttlMs,
        bus: announces ? bus : undefined,
      })(request)
    return (await faulty(state.fault, method, state.seen, answer)) ?? answer()
  })
  // A server that lists its tools is known, as to a product that has run for a while: a turn waits
  // for it.
  if (fault.kind === 'none' || ('stage' in fault && fault.stage === 'tools/call')) noteAnswer(`${url}/mcp`)
  return Object.assign(state, {
    url: `${url}/mcp`,
    announce: () => bus.publish({ kind: 'tools_list_changed' }),
    listening: () => bus.listenerCount,
    [Symbol.asyncDispose]: close,
  })
}

async function faulty(
  fault: Fault,
  method: string,
  seen: string[],
  answer: () => Promise<Response>,
): Promise<Response | undefined> {
  if (fault.kind === 'none') return undefined
  if (fault.kind === 'session-lost')
    return seen.length > fault.after ? new Response('Session not found', { status: 404 }) : undefined
  if (!atStage(fault.stage ?? 'any', method)) return undefined
  switch (fault.kind) {
    case 'status':
      return new Response(fault.body ?? 'no', { status: fault.status, headers: fault.headers })
    case 'hang':
      return new Promise(() => undefined)
    case 'malformed':
      return new Response('{"jsonrpc": "2.0", "result": ', { headers: { 'content-type': 'application/json' } })
    case 'wrong-type':
      return new Response('<!doctype html><title>Welcome</title>', { headers: { 'content-type': 'text/html' } })
    case 'redirect':
      return new Response(null, { status: fault.status ?? 307, headers: { location: fault.to } })
    case 'cut':
      if (fault.commits) await (await answer()).text()
      throw new Error('the connection breaks')
  }
}

function atStage(stage: Stage, method: string): boolean {
  if (stage === 'any') return true
  return stage === 'connect' ? method === 'initialize' || method === 'server/discover' : method === stage
}

function methodOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { method?: string }).method
  } catch {
    // Not JSON, so no MCP method.
    return undefined
  }
}

type Closed = AsyncDisposable & { url: string }

/** A port that refuses connections, because it was free a moment ago. */
export async function refusingUrl(): Promise<string> {
  const server = createTcp()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}/mcp`
}

/** Accepts connections and never answers. */
export async function blackHole(): Promise<Closed> {
  const sockets = new Set<Socket>()
  const server = createTcp((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Speaks TLS with a self-signed certificate. */
export async function untrustedTls(): Promise<Closed> {
  const server = createTls(SELF_SIGNED, (_request, response) => response.end())
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
