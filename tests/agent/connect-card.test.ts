import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { POST as connectTo } from '#app/api/connections/[id]/route.ts'
import { NeededAccounts } from '#lib/agent/tools/needed-accounts.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import { addServer, setServerEnabled } from '#lib/data/servers/servers.ts'
import { listServersFor } from '#lib/mcp-client/servers/mcp-servers.ts'
import { agentDoor, button, buttons, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// A server that needs each person's own key, from the browser's JSON to the server's socket.

let ann: Awaited<ReturnType<typeof signedIn>>
let count = 0

beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

/** A server that accepts one key at a time. */
async function lockedServer() {
  const lock = { key: 'right' }
  const server = await mcpServer([{ name: 'my_orders', run: () => 'two orders' }], (request) =>
    request.headers.get('x-key') === lock.key ? undefined : new Response('who are you?', { status: 401 }),
  )
  count += 1
  const config = ServerConfig.parse({
    identity: { kind: 'key', header: 'X-Key', format: '{{key}}' },
    pinned: false,
    trusted: true,
  })
  const given = {
    name: `shop-${count}`,
    url: server.url,
    audience: 'everyone',
    config,
    secrets: { headers: {} },
  } as const
  const stored = await addServer(ann.caller, given)
  await setServerEnabled(ann.caller, stored.id, true)
  onTestFinished(() => setServerEnabled(ann.caller, stored.id, false))
  return { ...server, lock, id: stored.id, name: stored.name }
}

async function enter(serverId: string, key: string) {
  const headers = { 'content-type': 'application/json', ...ann.headers }
  const request = new Request('http://127.0.0.1:3999/api/connections/x', {
    method: 'POST',
    headers,
    body: JSON.stringify({ key }),
  })
  expect((await connectTo(request, { params: Promise.resolve({ id: serverId }) })).status).toBe(200)
}

const cardIn = async (thread: string) => {
  const items = await agentDoor(ann).read(thread)
  return items.findLast((item) => item.type === 'widget')
}

test('tools that need a connected account lead to a connect card, which becomes "Try again" once it is connected', async () => {
  await using server = await lockedServer()
  const connect = { calls: [{ name: `connect_${server.name.replace('-', '_')}`, arguments: {} }] }
  await using model = await openAIServer(
    { text: 'Hello.' },
    connect,
    { text: 'Connect it first.' },
    { text: 'As I said.' },
  )
  const settings = { MCP_ALLOW_PRIVATE: 'on', MCP_BUILTIN: 'off', OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' }
  withSettings(settings)
  const hello = await agentDoor(ann).begin('hello')
  expect(widgets(hello.events), 'nobody wanted a tool of the server').toEqual([])
  const thread = threadOf(hello)
  const first = await agentDoor(ann).say(thread, 'what did I order?')
  const [card] = widgets(first.events)
  expect(first.events.at(-1)).toMatchObject({ type: 'thread.item.done', item: { type: 'widget' } })
  expect(JSON.stringify(first.events)).not.toContain('was not made')
  expect(first.events.some(({ type }) => type === 'notice')).toBe(false)
  if (!card) throw new Error('no card')
  expect(JSON.stringify(card.widget)).toContain(new URL(server.url).host)
  expect(buttons(card)).toEqual(['Connect'])
  expect(button(card, 'Connect')?.onClickAction).toMatchObject({
    type: 'connect.open',
    handler: 'client',
    payload: { server: server.id, way: 'key' },
  })

  const direct = await agentDoor(ann).begin('/tools')
  expect(widgets(direct.events), 'who names what is there needs nothing else').toEqual([])
  const second = await agentDoor(ann).say(thread, 'really?')
  expect(widgets(second.events), 'one card is enough').toEqual([])
  expect(JSON.stringify(model.requests.at(-1)?.body)).not.toContain('connect.open')
  await enter(server.id, 'right')
  const connected = await cardIn(thread)
  expect(connected?.id).toBe(card.id)
  expect(buttons(connected)).toEqual(['Try again'])
  expect(JSON.stringify(connected?.widget)).toContain('Connected.')
  // Pressed in a later turn than the card's own, "Try again" would throw away what came between.
  expect((await agentDoor(ann).press(thread, connected as typeof card, 'Try again')).events.at(-1)).toMatchObject({
    type: 'error',
  })
})

test('a key that the server rejects leads to a connect card after the call, and "Try again" makes the call', async () => {
  await using server = await lockedServer()
  await using model = await openAIServer(
    { calls: [{ name: 'my_orders', arguments: {} }] },
    { text: 'Two orders.' },
    { calls: [{ name: 'my_orders', arguments: {} }] },
    { text: 'It does not let me in.' },
    { calls: [{ name: 'my_orders', arguments: {} }] },
    { text: 'Still two.' },
  )
  withSettings({ MCP_ALLOW_PRIVATE: 'on', MCP_BUILTIN: 'off', OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  await enter(server.id, 'right')
  const thread = threadOf(await agentDoor(ann).begin('what did I order?'))
  server.lock.key = 'another'
  const refused = await agentDoor(ann).say(thread, 'and now?')
  const [card] = widgets(refused.events)
  if (!card) throw new Error('no card')
  expect(said(refused.events)).toBe('It does not let me in.')
  expect(buttons(card)).toEqual(['Connect again'])
  expect(nodes(card.widget).find(({ type }) => type === 'Caption')?.value).toMatch(
    /^The tool my_orders .*no longer accepts/,
  )
  expect(JSON.stringify(model.requests[3]?.body)).toContain('needs your own account there')

  await enter(server.id, 'another')
  const connected = await cardIn(thread)
  const again = await agentDoor(ann).press(thread, connected as typeof card, 'Try again')
  expect(said(again.events)).toBe('Still two.')
  const items = await agentDoor(ann).read(thread)
  expect(items.filter(({ type }) => type === 'widget')).toEqual([])
  expect(JSON.stringify(items)).not.toContain('let me in')
  const { data } = await listToolCalls({ caller: ann.caller }, { threadId: thread })
  expect(data.map(({ status, failureClass }) => [status, failureClass])).toEqual([
    ['succeeded', null],
    ['failed', 'unauthorised'],
    ['succeeded', null],
  ])
})

test('a server that did not answer in time is still reported as needing an account', async () => {
  await using server = await lockedServer()
  const servers = await listServersFor('member')
  const late = { server: server.name, failureClass: 'connect_timeout', sentence: 'It did not answer in time.' } as const
  const explained = async () => (await new NeededAccounts(ann.caller, servers).explain([late]))[0]
  expect(await explained()).toMatchObject({ connect: server.id, failureClass: 'unauthorised' })
  await enter(server.id, 'right')
  expect(await explained()).toBe(late)
})
