import { Server } from '@modelcontextprotocol/server'
import { makeEndpoint } from '#mcp/endpoint.ts'

const tools = [{ name: 'trivial', description: 'Answers at once.', inputSchema: { type: 'object' as const } }]

/** One tool that does nothing. In the benchmark, what remains is the cost of our endpoint. */
export const POST = makeEndpoint(
  {
    scopeOf: () => null,
    makeServer: () => {
      const server = new Server({ name: 'trivial', version: '1' }, { capabilities: { tools: {} } })
      server.setRequestHandler('tools/list', () => ({ tools }))
      server.setRequestHandler('tools/call', () => ({ content: [{ type: 'text', text: 'ok' }] }))
      return server
    },
  },
  async () => ({ userId: 'usr_trivial', role: 'member', via: 'session', sessionVersion: 1 }),
)
