import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mintRunToken } from '#lib/auth/tokens/run-tokens.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { VERSION } from '#lib/platform/version.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { toolset } from '#mcp/toolset.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller, type ToolAnswer } from '#tests/support/tool-servers/mcp-caller.ts'
import { version as packageVersion } from '../../package.json' with { type: 'json' }

const NAMES = toolset.map((tool) => tool.name)
const AUDIENCE = 'http://127.0.0.1:3999/mcp'

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve(handleMcp)
})
afterAll(() => server.close())

type Door = {
  tools: () => Promise<string[]>
  call: (name: string, args?: Record<string, unknown>) => Promise<ToolAnswer>
  close: () => Promise<void>
}

function url(): URL {
  return new URL(`${server.url}/mcp`)
}

async function newDoor(token: string, mode: 'legacy' | { pin: string }): Promise<Door> {
  const client = new Client({ name: 'new-client', version: '2.4.0' }, { versionNegotiation: { mode } })
  await client.connect(
    new StreamableHTTPClientTransport(url(), { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  )
  return {
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args) => (await client.callTool({ name, arguments: args })) as ToolAnswer,
    close: () => client.close(),
  }
}

async function oldDoor(token: string): Promise<Door> {
  const client = new OldClient({ name: 'old-client', version: '1.32.2' })
  await client.connect(new OldTransport(url(), { requestInit: { headers: { authorization: `Bearer ${token}` } } }))
  return {
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args) => (await client.callTool({ name, arguments: args })) as ToolAnswer,
    close: () => client.close(),
  }
}

async function plainDoor(token: string): Promise<Door> {
  const caller = mcpCaller(url().href, token)
  return {
    tools: async () =>
      ((await caller.send('tools/list')).result as unknown as { tools: { name: string }[] }).tools.map(
        (tool) => tool.name,
      ),
    call: caller.call,
    close: async () => {},
  }
}

describe.each([
  [
    'the v2 client on 2026-07-28',
    (token: string) => newDoor(token, { pin: '2026-07-28' }),
    { clientName: 'new-client', clientVersion: '2.4.0' },
  ],
  [
    'the v2 client as an older one',
    (token: string) => newDoor(token, 'legacy'),
    { clientName: 'new-client', clientVersion: '2.4.0' },
  ],
  ["the v1 SDK's client", oldDoor, { clientName: 'old-client', clientVersion: '1.32.2' }],
  ['plain JSON-RPC', plainDoor, { clientName: null, clientVersion: null }],
] as const)('%s', (_name, open, named) => {
  test('lists the ten tools in order and uses each with a personal token; the ledger has every call', async () => {
    const { caller, person } = await signedIn({ timeZone: 'Europe/Berlin' })
    const door = await open(await personalToken(caller))
    try {
      expect(await door.tools()).toEqual(NAMES)
      const used: string[] = []
      const call = async (name: string, args?: Record<string, unknown>) => {
        used.push(name)
        const answer = await door.call(name, args)
        expect(answer.isError, answer.content[0]?.text).toBeFalsy()
        expect(JSON.parse(answer.content[0]?.text ?? '')).toEqual(answer.structuredContent)
        return answer.structuredContent as Record<string, never>
      }
      expect(await call('whoami')).toMatchObject({ email: person.email, time_zone: 'Europe/Berlin' })
      expect(await call('add_task', { title: 'buy milk', due: '2026-11-27' })).toMatchObject({
        number: 1,
        due: '2026-11-27',
        done: false,
      })
      expect(await call('update_task', { number: 1, title: 'buy oat milk' })).toMatchObject({
        title: 'buy oat milk',
        due: '2026-11-27',
      })
      expect(await call('complete_task', { number: 1 })).toMatchObject({ number: 1, done: true })
      expect((await call('list_tasks', { status: 'done' })).tasks).toHaveLength(1)
      expect(await call('delete_task', { number: 1 })).toEqual({ deleted: { number: 1, title: 'buy oat milk' } })
      const { id } = await call('save_note', { title: 'Office', body: 'The door code is 4711' })
      expect((await call('search_notes', { query: 'door code' })).notes).toMatchObject([
        { id, snippet: 'The **door** **code** is 4711' },
      ])
      expect(await call('get_note', { id })).toMatchObject({ body: 'The door code is 4711' })
      expect(await call('delete_note', { id })).toEqual({ deleted: { id, title: 'Office' } })
      expect(used.toSorted()).toEqual(NAMES.toSorted())

      const { data } = await listToolCalls({ caller }, { limit: 200 })
      expect(data.map((row) => row.tool).toReversed()).toEqual(used)
      for (const row of data)
        expect(row).toMatchObject({ status: 'succeeded', via: 'mcp', server: 'switchboard', runId: null, ...named })
      expect(data[0]?.tokenId).toMatch(/^tok_/)
    } finally {
      await door.close()
    }
  })
})

test('every tool has a title, a description, both schemas and annotations that fit what it does', async () => {
  const { caller } = await signedIn()
  const client = new Client({ name: 'reader', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
  const token = await personalToken(caller)
  await client.connect(
    new StreamableHTTPClientTransport(url(), { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  )
  const { tools, ...rest } = await client.listTools()
  expect(rest).toMatchObject({ ttlMs: 300_000, cacheScope: 'private' })
  expect(client.getServerVersion()).toMatchObject({ name: 'switchboard', version: packageVersion })
  expect(VERSION).toBe(packageVersion)
  for (const tool of tools) {
    expect(tool.title && tool.description && tool.outputSchema, tool.name).toBeTruthy()
    for (const [name, field] of Object.entries(tool.inputSchema.properties ?? {}))
      expect((field as { description?: string }).description, `${tool.name}.${name}`).toBeTruthy()
  }
  const hinted = (hint: 'readOnlyHint' | 'destructiveHint') =>
    tools.filter((tool) => tool.annotations?.[hint]).map((tool) => tool.name)
  expect(hinted('readOnlyHint')).toEqual(['whoami', 'list_tasks', 'search_notes', 'get_note'])
  expect(hinted('destructiveHint')).toEqual(['delete_task', 'delete_note'])
  expect(tools.filter((tool) => !tool.annotations?.idempotentHint).map((tool) => tool.name)).toEqual([
    'add_task',
    'save_note',
  ])
  await client.close()
})

test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
  'the handshake of revision %s succeeds',
  async (protocolVersion) => {
    const { caller } = await signedIn()
    const { post } = mcpCaller(url().href, await personalToken(caller))
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'c', version: '1' } }
    const hello = await post({ jsonrpc: '2.0', id: 'a', method: 'initialize', params })
    expect(hello.headers.get('content-type')).toBe('application/json')
    expect(await hello.json()).toMatchObject({ id: 'a', result: { protocolVersion, capabilities: { tools: {} } } })
    const headers = {
      'mcp-session-id': hello.headers.get('mcp-session-id') ?? '',
      'mcp-protocol-version': protocolVersion,
    }
    expect((await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, headers)).status).toBe(202)
    const list = await post({ jsonrpc: '2.0', id: 0, method: 'tools/list' }, headers)
    expect(((await list.json()) as { result: { tools: unknown[] } }).result.tools).toHaveLength(10)
  },
)

test('calls of a run are not recorded here, since the agent records them itself', async () => {
  const { caller } = await signedIn()
  const token = await mintRunToken({ userId: caller.userId, runId: 'run_1', threadId: 'thr_1' }, AUDIENCE, 60)
  expect(await mcpCaller(url().href, token).get('add_task', { title: 'by the assistant' })).toMatchObject({ number: 1 })
  expect((await listToolCalls({ caller })).data).toEqual([])
})

test('failed calls are in the ledger too, with the error that the client got', async () => {
  const { caller } = await signedIn()
  const { fail } = mcpCaller(url().href, await personalToken(caller))
  const missing = await fail('complete_task', { number: 7 })
  const wrong = await fail('add_task', { title: '' })
  const { data } = await listToolCalls({ caller })
  expect(data).toMatchObject([
    { tool: 'add_task', status: 'failed', failureClass: 'bad_arguments', errorMessage: wrong },
    { tool: 'complete_task', status: 'failed', failureClass: 'tool_error', errorMessage: missing },
  ])
})

test('a trailing slash, HEAD, GET, DELETE and a preflight are answered instead of redirected', async () => {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  expect(await mcpCaller(`${url()}/`, token).get('whoami')).toBeTruthy()
  const headers = { authorization: `Bearer ${token}`, origin: 'http://localhost:6274' }
  for (const method of ['HEAD', 'GET', 'DELETE', 'PUT']) {
    const answer = await fetch(url(), { method, headers })
    expect([method, answer.status, answer.headers.get('allow'), await answer.text()]).toEqual([
      method,
      405,
      'POST, OPTIONS',
      '',
    ])
  }
  const ask = {
    origin: headers.origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  }
  const may = await fetch(url(), { method: 'OPTIONS', headers: ask })
  expect([may.status, may.headers.get('access-control-allow-origin')]).toEqual([204, headers.origin])
  expect(may.headers.get('access-control-allow-headers')).toContain('authorization')
  expect(may.headers.get('access-control-allow-credentials')).toBeNull()
  const refused = await fetch(url(), {
    method: 'POST',
    headers: { origin: headers.origin, 'content-type': 'application/json' },
    body: '{}',
  })
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, headers.origin])
  expect(refused.headers.get('access-control-expose-headers')).toContain('www-authenticate')
})
