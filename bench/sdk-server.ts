// The SDK's own server on node:http, as its documentation shows it: what our endpoint is measured against. Prints its address,
// under which /bare only reads its message and answers: the difference of the two is what the SDK costs.
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
