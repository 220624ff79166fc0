// The SDK's own server on node:http, as its documentation shows it: the baseline for our endpoint.
// Prints its address. /bare only reads its message and answers, so the difference between the two
// is the cost of the SDK.
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { serve } from '#tests/support/processes/serve.ts'

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'bench', version: '1' })
  server.registerTool('trivial', { description: 'Answers with text.' }, () => ({
    content: [{ type: 'text', text: 'ok' }],
  }))
  return server
})
const { url } = await serve(async (request) =>
  new URL(request.url).pathname === '/bare' ? Response.json({ id: (await request.json()).id }) : handler.fetch(request),
)
console.log(url)
