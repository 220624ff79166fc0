import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeEach, expect, test, vi } from 'vitest'
import { findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { readResult } from '#lib/mcp-client/answers/read-result.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { faultServer } from '#tests/support/tool-servers/fault-server.ts'
import type { TestTool } from '#tests/support/tool-servers/mcp-server.ts'
import { openInTime } from '#tests/support/tool-servers/open-in-time.ts'
import { sessionServer } from '#tests/support/tool-servers/session-server.ts'
import { callingRun, textOf, toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// Servers that send too much, too deep, too little or to the wrong place. Only that one call
// suffers.

let ann: Caller
beforeEach(async () => {
  ann = (await signedIn()).caller
})

const POLL = { timeout: 30_000, interval: 20 }
const MEGABYTE = 1024 * 1024

async function call(server: McpServer, tool: string, args = {}) {
  const mcp = await openInTime(ann, [server])
  const result = await mcp.connections[0]?.callToolResult(tool, args)
  await mcp.close()
  const [row] = (await listToolCalls({ caller: ann })).data
  return { text: textOf(result), isError: result?.isError, row: await findToolCall({ caller: ann }, row?.id ?? '') }
}

/** A tool whose answer is this JSON, unchanged. */
async function answering(result: string, outputSchema?: object) {
  const listed = { tools: [{ name: 'answer', inputSchema: { type: 'object' }, outputSchema }] }
  const server = await serve(async (request) => {
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const { id, method } = (await request.json().catch(() => ({}))) as { id?: unknown; method?: string }
    const known = {
      initialize: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'raw', version: '1' },
      },
    }
    if (id === undefined) return new Response(null, { status: 202 })
    const body =
      method === 'tools/call'
        ? result
        : JSON.stringify(method === 'tools/list' ? listed : (known as Record<string, unknown>)[method ?? ''])
    const answer = body === undefined ? `"error":{"code":-32601,"message":"no"}` : `"result":${body}`
    return new Response(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${answer}}`, {
      headers: { 'content-type': 'application/json' },
    })
  })
  noteAnswer(`${server.url}/mcp`)
  return { url: `${server.url}/mcp`, [Symbol.asyncDispose]: server.close }
}

test('a 10 MB result is truncated for the model and the ledger, with its true size', async () => {
  await using fault = await faultServer([{ name: 'big', run: () => 'x'.repeat(10 * MEGABYTE) }])
  const { text, row } = await call(toolServer(fault.url), 'big')
  expect(text.length).toBeLessThan(41_000)
  expect(text).toMatch(/more characters were cut off\]$/)
  expect(row.status).toBe('succeeded')
  expect(row.resultBytes).toBeGreaterThan(10 * MEGABYTE)
  expect(JSON.stringify(row.result).length).toBeLessThan(50_000)
})

test('an endless answer is abandoned and its connection closed', async () => {
  let sent = 0
  let gone = false
  const endless = (request: Request) =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (request.signal.aborted) return controller.close()
        sent += 1
        controller.enqueue(new Uint8Array(MEGABYTE).fill(120))
      },
      cancel: () => {
        gone = true
      },
    })
  await using inner = await faultServer([{ name: 'flood', run: () => 'ok' }])
  const server = await serve(async (request) => {
    const body = await request.text()
    if (body.includes('tools/call'))
      return new Response(endless(request), { headers: { 'content-type': 'application/json' } })
    return fetch(inner.url, { method: request.method, headers: request.headers, body: body || undefined })
  })
  noteAnswer(`${server.url}/mcp`)
  const { text, row } = await call(toolServer(`${server.url}/mcp`), 'flood')
  expect(row).toMatchObject({ status: 'unknown', failureClass: 'protocol_error' })
  expect(text).toContain('may have taken effect')
  await vi.waitFor(() => expect(gone).toBe(true), POLL)
  expect(sent).toBeLessThan(200)
  await server.close()
})

test.each([
  ['an array', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ['an object', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
])('%s nested 50,000 deep ends its call normally', async (_, deep) => {
  await using server = await answering(
    `{"content":[{"type":"text","text":"done"}],"structuredContent":{"deep":${deep}}}`,
  )
  const { row } = await call(toolServer(server.url), 'answer')
  expect(row.status).toBe('succeeded')
  expect(JSON.stringify(row.result)).toContain('done')
})

test('a secret header is sent only to its server, not to a redirect target', async () => {
  await using elsewhere = await faultServer([{ name: 'steal', run: () => 'ok' }])
  await using fault = await faultServer([{ name: 'pay', run: () => 'ok' }])
  const server = toolServer(fault.url, {}, { secrets: { headers: { 'X-Api-Key': 'hunter2-hunter2' } } })
  await call(server, 'pay')
  fault.fault = { kind: 'redirect', to: elsewhere.url, stage: 'tools/call' }
  const { row } = await call(server, 'pay')
  expect(row).toMatchObject({ status: 'unknown', failureClass: 'protocol_error' })
  expect(elsewhere.seen).toEqual([])
  expect(fault.requests.every((request) => request.headers.get('x-api-key') === 'hunter2-hunter2')).toBe(true)
  expect(JSON.stringify(row)).not.toContain('hunter2')
})

test('an HTTP+SSE stream that never names its endpoint is closed', async () => {
  let streams = 0
  const server = createServer((_request, response) => {
    streams += 1
    response.on('close', () => {
      streams -= 1
    })
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`
  withSettings({ MCP_CONNECT_TIMEOUT: '1' })
  const mcp = await openMcp(await callingRun(ann), { servers: [toolServer(url, { transport: 'sse' })] })
  expect(mcp.unavailable).toMatchObject([{ failureClass: 'connect_timeout' }])
  await mcp.close()
  await vi.waitFor(() => expect(streams).toBe(0), POLL)
  server.closeAllConnections()
  server.close()
})

test('tools with the same name, or with names that the model’s API rejects, do not fail the turn', async () => {
  const tools: TestTool[] = [
    { name: 'list-files', run: () => 'of list-files' },
    { name: 'list files', run: () => 'of list files' },
    { name: 'ß'.repeat(100), run: () => 'long' },
  ]
  await using older = await sessionServer(tools, { twice: true })
  await using model = await openAIServer({ calls: [{ name: 'list_files', arguments: {} }] }, { text: 'Done.' })
  withSettings({
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'responses',
    OPENAI_API_KEY: 'k',
    MCP_BUILTIN: 'off',
    MEMORY: 'off',
    MCP_SERVER_URL: older.url,
  })
  await (await openInTime(ann)).close()
  const turn = await (await conversation(ann)).say('go')
  expect(turn.text).toBe('Done.')
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('of list-files')
  const names = ((model.requests[0]?.body.tools ?? []) as { name: string }[]).map(({ name }) => name)
  expect(new Set(names).size).toBe(3)
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_]{1,64}$/)
})

test('a destructive tool needs an approval, whatever characters its name has', async () => {
  const wipe: TestTool = { name: 'wipe-disk', annotations: { destructiveHint: true }, run: () => 'wiped' }
  await using fault = await faultServer([wipe])
  await using model = await openAIServer({ calls: [{ name: 'wipe_disk', arguments: {} }] }, { text: 'Done.' })
  withSettings({
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'responses',
    OPENAI_API_KEY: 'k',
    MCP_BUILTIN: 'off',
    MCP_SERVER_URL: fault.url,
  })
  await (await openInTime(ann)).close()
  const turn = await (await conversation(ann)).say('wipe it')
  expect(turn.waits).toBe(true)
  expect(fault.calls).toEqual([])
})

// Each is found invalid, but only after a long time.
const afterwards = (endless: object) => ({ type: 'object', allOf: [endless, { required: ['missing'] }] })
const doubled = Object.fromEntries(
  Array.from({ length: 28 }, (_, n) => [
    `d${n + 1}`,
    { allOf: [{ $ref: `#/$defs/d${n}` }, { $ref: `#/$defs/d${n}` }] },
  ]),
)

test.each<[string, object, object]>([
  ['a pattern', afterwards({ properties: { x: { pattern: '^(a+)+$' } } }), { x: `${'a'.repeat(28)}!` }],
  ['references', { ...afterwards({ $ref: '#/$defs/d28' }), $defs: { ...doubled, d0: {} } }, { x: 1 }],
  [
    'unique items',
    afterwards({ properties: { x: { uniqueItems: true } } }),
    { x: Array.from({ length: 20_000 }, (_, n) => [n]) },
  ],
])(
  'an output schema whose check never ends does not block the call: %s',
  async (_, outputSchema, structuredContent) => {
    await using server = await answering(
      JSON.stringify({ content: [{ type: 'text', text: 'done' }], structuredContent }),
      outputSchema,
    )
    const { row } = await call(toolServer(server.url), 'answer')
    expect(row.status).toBe('succeeded')
    expect(JSON.stringify(row.result)).not.toContain('does not fit')
  },
)

test('the first 500 parts of an answer are read, and the number of the others is reported', () => {
  const { content } = readResult({ content: Array.from({ length: 20_000 }, () => ({ type: 'unheard-of' })) }) as {
    content: { text: string }[]
  }
  expect(content).toHaveLength(501)
  expect(content.at(-1)?.text).toBe('[19500 more parts of this answer were left out]')
})
