// The SDK's own server on node:http, as its documentation shows it: what our endpoint is measured against. Prints its address.
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { serve } from '#tests/support/serve.ts'

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'bench', version: '1' })
  server.registerTool('trivial', { description: 'Answers with text.' }, () => ({ content: [{ type: 'text', text: 'ok' }] }))
  return server
})
const { url } = await serve((request) => handler.fetch(request))
console.log(url)
