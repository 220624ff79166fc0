import { createMcpHandler, InMemoryServerEventBus, McpServer } from '@modelcontextprotocol/server'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { GET as search } from '#app/api/me/resources/route.ts'
import { GET as followChanges } from '#app/api/me/servers/changes/route.ts'
import { GET as listServers, PUT as put } from '#app/api/me/servers/route.ts'
import { endSessions } from '#lib/data/people/users.ts'
import { hashList } from '#lib/mcp-client/lists/list-changes.ts'
import { offerLists } from '#lib/mcp-client/lists/offer-lists.ts'
import { listKey } from '#lib/mcp-client/lists/remembered-lists.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { findRememberedTools, rememberTools } from '#lib/mcp-client/tools/tool-lists.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { notify } from '#lib/platform/db/notify.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { processStates } from '#tests/support/process-states.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { faultServer } from '#tests/support/tool-servers/fault-server.ts'
import { offerServer } from '#tests/support/tool-servers/offer-server.ts'

// What a page learns of changed lists and switches, on this replica and on others.

let ann: { caller: SessionCaller; headers: { cookie: string } }
beforeEach(async () => {
  ann = (await signedIn()) as typeof ann
})

const POLL = { timeout: 30_000, interval: 50 }
const request = (path: string, headers: Record<string, string> = ann.headers) =>
  new Request(`http://127.0.0.1:3999/api/me/servers${path}`, { headers })
const listed = async () => (await (await listServers(request(''))).json()).servers as Shown[]
type Shown = { name: string; state: string; sentence?: string; tools: { name: string }[] }

/** A person's stream after its first ping. `hint` resolves with the next chunk. */
async function follow(headers: Record<string, string> = ann.headers) {
  const response = await followChanges(request('/changes', headers))
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  onTestFinished(() => reader.cancel())
  await reader.read()
  return async () => new TextDecoder().decode((await reader.read()).value)
}

test('a page hears that a server changed its tools, and finds them in the list', async () => {
  const tool = (name: string) => ({ name, run: () => 1 })
  await using fault = await faultServer([tool('one')], { kind: 'none' }, { ttlMs: 3_600_000, announces: true })
  withSettings({ MCP_SERVER_URL: fault.url, MCP_BUILTIN: 'off' })
  const names = async () => (await listed())[0]?.tools.map(({ name }) => name)
  await vi.waitFor(async () => expect(await names()).toEqual(['one']), POLL)
  await vi.waitFor(() => expect(fault.listening()).toBe(1), POLL)
  const hint = await follow()
  const first = hint()
  fault.tools = [tool('one'), tool('two')]
  fault.announce()
  expect(await first).toBe('data: {"type":"changed"}\n\n')
  await vi.waitFor(async () => expect(await names()).toEqual(['one', 'two']), POLL)
})

test('a page hears of a switch, and another person’s page does not', async () => {
  const thread = threadOf(await agentDoor(ann).begin('hello'))
  const [hers, his] = [await follow(), await follow((await signedIn()).headers)]
  const [first, never] = [hers(), his()]
  const headers = { ...ann.headers, origin: 'http://127.0.0.1:3999', 'content-type': 'application/json' }
  const body = JSON.stringify({ thread, server: 'switchboard', is_on: false })
  await put(new Request('http://127.0.0.1:3999/api/me/servers', { method: 'PUT', headers, body }))
  expect(await first).toContain('changed')
  expect(await Promise.race([never, Promise.resolve('nothing yet')])).toBe('nothing yet')
})

test('the stream ends for a person who signed out everywhere, and a visitor gets a 401', async () => {
  const hint = await follow()
  await endSessions(ann.caller)
  await notify('switchboard_lists', [`org_other ${ann.caller.userId} `])
  expect(await hint(), 'the stream ends').toBe('')
  expect((await followChanges(request('/changes', {}))).status).toBe(401)
})

test('a list expires when its server announced a change to another replica', async () => {
  const server = { url: 'http://127.0.0.1/elsewhere' }
  const { userId } = ann.caller
  rememberTools(server, userId, [], { ttlMs: 3_600_000 })
  offerLists.remember(server, userId, { prompts: [], resources: [], templates: [], completes: false })
  const hash = hashList(listKey(server, userId))
  await notify('switchboard_lists', [`org_other ${userId} ${hashList('another list')}`])
  await vi.waitFor(async () => {
    await notify('switchboard_lists', [`org_other ${userId} ${hash}`])
    expect(findRememberedTools(server, userId)).toBeUndefined()
    expect(offerLists.find(server, userId)).toBeUndefined()
  }, POLL)
  expect(findRememberedTools(server, userId, { stale: true })).toEqual([])
})

test('a list does not expire by this replica’s own message', async () => {
  const server = { url: 'http://127.0.0.1/here' }
  const { userId } = ann.caller
  rememberTools(server, userId, [], { ttlMs: 3_600_000 })
  const { origin } = processStates().get('list changes') as { origin: string }
  const hint = await follow()
  const first = hint()
  await notify('switchboard_lists', [`${origin} ${userId} ${hashList(listKey(server, userId))}`])
  await notify('switchboard_lists', [`org_other ${userId} `])
  expect(await first).toContain('changed')
  expect(findRememberedTools(server, userId)).toEqual([])
})

test('a server that announces changes without an end is no longer listened to', async () => {
  const tools = { 'tools/list': () => ({ tools: [{ name: 'one', inputSchema: { type: 'object' } }] }) }
  await using server = await offerServer(tools, { tools: { listChanged: true } })
  withSettings({ MCP_SERVER_URL: server.url, MCP_BUILTIN: 'off' })
  await listed()
  const watches = () =>
    processStates().get('list watches') as { open: Map<string, object>; muteUntil: Map<string, number> }
  await vi.waitFor(() => {
    for (let count = 0; count < 1_000; count += 1) server.announce('notifications/tools/list_changed')
    expect(watches().muteUntil.get(server.url)).toBeGreaterThan(Date.now())
  }, POLL)
  expect(watches().open.size).toBe(0)
  expect((await listed())[0]?.tools).toMatchObject([{ name: 'one' }])
  expect(watches().open.size).toBe(0)
})

test('a list of tools without an end has its first 500 tools', async () => {
  const page = ({ cursor = '0' }: Record<string, unknown>) => ({
    tools: Array.from({ length: 40 }, (_, at) => ({ name: `t_${cursor}_${at}`, inputSchema: { type: 'object' } })),
    nextCursor: String(Number(cursor) + 1),
  })
  await using server = await offerServer({ 'tools/list': page }, { tools: {} })
  withSettings({ MCP_SERVER_URL: server.url, MCP_BUILTIN: 'off' })
  await vi.waitFor(async () => expect((await listed())[0]?.tools).toHaveLength(500), POLL)
  expect(server.asked.filter(({ method }) => method === 'tools/list')).toHaveLength(13)
})

test('pages of one tool each are read up to the twentieth', async () => {
  const page = ({ cursor = '0' }: Record<string, unknown>) => ({
    tools: [{ name: `t_${cursor}`, inputSchema: { type: 'object' } }],
    nextCursor: String(Number(cursor) + 1),
  })
  await using server = await offerServer({ 'tools/list': page }, { tools: {} })
  withSettings({ MCP_SERVER_URL: server.url, MCP_BUILTIN: 'off' })
  await vi.waitFor(async () => expect((await listed())[0]?.tools).toHaveLength(20), POLL)
})

test.each(['prompts', 'resources'] as const)('changed %s are heard by a subscription of 2026-07-28', async (kind) => {
  const bus = new InMemoryServerEventBus()
  const make = () => {
    const capabilities = { prompts: { listChanged: true }, resources: { listChanged: true } }
    const server = new McpServer({ name: 'modern', version: '1' }, { capabilities })
    server.registerPrompt('greet', {}, () => ({ messages: [] }))
    server.registerResource('plan', 'doc://plan', {}, () => ({ contents: [] }))
    return server
  }
  const { url: origin, close } = await serve((asked) => createMcpHandler(make, { bus }).fetch(asked))
  onTestFinished(close)
  const url = `${origin}/mcp`
  noteAnswer(url)
  withSettings({ MCP_SERVER_URL: url, MCP_BUILTIN: 'off' })
  await search(new Request('http://127.0.0.1:3999/api/me/resources?search=', { headers: ann.headers }))
  const remembered = () => offerLists.find({ url }, ann.caller.userId)
  expect(remembered()?.resources).toMatchObject([{ uri: 'doc://plan' }])
  await vi.waitFor(() => expect(bus.listenerCount).toBe(1), POLL)
  bus.publish({ kind: `${kind}_list_changed` })
  await vi.waitFor(() => expect(remembered()).toBeUndefined(), POLL)
})

test('a server that does not answer is slow at first, and down later, with a reason', async () => {
  await using fault = await faultServer([], { kind: 'hang' })
  withSettings({ MCP_SERVER_URL: fault.url, MCP_BUILTIN: 'off', MCP_CONNECT_TIMEOUT: '3' })
  expect((await listed())[0]).toMatchObject({ state: 'slow', tools: [] })
  await vi.waitFor(async () => {
    const [shown] = await listed()
    expect(shown?.state).toBe('down')
    expect(shown?.sentence).toMatch(/^The server did not answer lately\./)
  }, POLL)
})
