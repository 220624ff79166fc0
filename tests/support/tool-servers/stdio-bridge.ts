import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'

/**
 * Puts a program that speaks MCP over stdio behind Streamable HTTP on a loopback socket, as bridges
 * do: each session has a process of its own, and messages pass unchanged.
 */
export async function stdioBridge(
  args: string[],
  env: Record<string, string> = {},
): Promise<AsyncDisposable & { url: string }> {
  const sessions = new Map<string, { http: StreamableHTTPServerTransport; stdio: StdioClientTransport }>()
  const begin = async () => {
    const stdio = new StdioClientTransport({ command: process.execPath, args, env, stderr: 'ignore' })
    const http = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, { http, stdio }),
    })
    http.onmessage = (message) => void stdio.send(message)
    stdio.onmessage = (message) => void http.send(message)
    http.onclose = () => void stdio.close()
    await Promise.all([stdio.start(), http.start()])
    return http
  }
  const server = createServer(async (request, response) => {
    const known = sessions.get(String(request.headers['mcp-session-id']))
    await (known?.http ?? (await begin())).handleRequest(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  noteAnswer(url)
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...sessions.values()].map(({ http, stdio }) => Promise.all([http.close(), stdio.close()])))
      server.close()
      server.closeAllConnections()
    },
  }
}
