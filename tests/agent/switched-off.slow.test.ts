import { beforeEach, describe, expect, test } from 'vitest'
import { GET as list, PUT as put } from '#app/api/me/servers/route.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { agentDoor, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer, type RecordedRequest } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { HARMLESS, mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

// Servers and tools that a person switches off for one conversation: the model never sees them, and
// nothing calls them.

let ann: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  ann = await signedIn()
})

const quiet = { ...HARMLESS, readOnlyHint: true }
const look: TestTool = { name: 'look', annotations: quiet, run: () => 'I looked.' }
const send: TestTool = { name: 'send', annotations: quiet, run: () => 'I sent.' }

const nameOf = ({ url }: { url: string }) => new URL(url).host.replace(/[^A-Za-z0-9]+/g, '_')
const use = (model: OpenAIServer, server: { url: string }, more: Record<string, string> = {}) =>
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k', MCP_SERVER_URL: server.url, THREAD_TITLES: 'first_words' },
    ...more,
  })

const request = (path: string, method: string, body?: object, person = ann) =>
  new Request(`http://127.0.0.1:3999/api/me/servers${path}`, {
    method,
    headers: { ...person.headers, origin: 'http://127.0.0.1:3999', 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
const turn = async (isOn: boolean, thread: string, server: string, tool?: string) =>
  expect((await put(request('', 'PUT', { thread, server, ...(tool && { tool }), is_on: isOn }))).status).toBe(200)
const off = (...place: [thread: string, server: string, tool?: string]) => turn(false, ...place)
const on = (...place: [thread: string, server: string, tool?: string]) => turn(true, ...place)
const listed = async (thread?: string, person = ann) =>
  (await (await list(request(thread ? `?thread=${thread}` : '', 'GET', undefined, person))).json()).servers

type Sent = { name?: string; function?: { name: string } }
const toolsOf = (sent: RecordedRequest | undefined) =>
  ((sent?.body.tools ?? []) as Sent[]).map((tool) => tool.function?.name ?? tool.name ?? '')
const ledger = async () => (await listToolCalls({ caller: ann.caller }, {})).data.reverse()

/** A conversation that has begun. */
async function begun(model: OpenAIServer): Promise<string> {
  model.script({ text: 'Hello.' })
  return threadOf(await agentDoor(ann).begin('hello'))
}

test('a tool that is off is not offered in that conversation, and is in every other', async () => {
  await using server = await mcpServer([look, send])
  await using model = await openAIServer()
  use(model, server)
  const thread = await begun(model)
  await off(thread, nameOf(server), 'send')
  model.script({ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' })
  await agentDoor(ann).say(thread, 'and now?')
  expect(toolsOf(model.requests[1])).toContain('look')
  expect(toolsOf(model.requests[1])).not.toContain('send')
  expect(JSON.stringify(model.requests[1]?.body)).toContain(
    `The person switched off the tools send of ${nameOf(server)}`,
  )
  await agentDoor(ann).begin('another one')
  expect(toolsOf(model.requests[2])).toContain('send')
  await on(thread, nameOf(server), 'send')
  await agentDoor(ann).say(thread, 'and now?')
  expect(toolsOf(model.requests[3])).toContain('send')
})

test('a server that is off gets no request for a turn; our own keeps its tools from the model', async () => {
  await using server = await mcpServer([look])
  await using model = await openAIServer()
  use(model, server)
  const thread = await begun(model)
  await off(thread, nameOf(server))
  await off(thread, 'switchboard')
  const asked = server.requests.length
  model.script({ text: 'Nothing is left.' })
  await agentDoor(ann).say(thread, 'and now?')
  for (const name of ['look', 'add_task', 'search_notes']) expect(toolsOf(model.requests[1])).not.toContain(name)
  expect(server.requests).toHaveLength(asked)
})

test('a model that names the tool all the same does not reach it, not even by call_tool', async () => {
  await using server = await mcpServer([look, send])
  await using model = await openAIServer()
  use(model, server, { MODEL_DIRECT_TOOLS: '5' })
  const thread = await begun(model)
  await off(thread, nameOf(server), 'send')
  model.script(
    { calls: [{ name: 'find_tools', arguments: { query: 'send' }, id: 'f1' }] },
    { calls: [{ name: 'call_tool', arguments: { name: 'send', arguments: {} }, id: 'c1' }] },
    { text: 'It is off.' },
  )
  const { events } = await agentDoor(ann).say(thread, 'send it')
  expect(said(events)).toBe('It is off.')
  const told = JSON.stringify(model.requests[2]?.body.input)
  expect(told).not.toContain(`\\"send\\",\\"server\\"`)
  expect(JSON.stringify(model.requests[3]?.body.input)).toContain('There is no tool named send')
  expect(server.calls).toEqual([])
})

test('a tool that is switched off during the turn is not called: the ledger and the model say why', async () => {
  await using model = await openAIServer()
  let during = async () => {}
  await using server = await mcpServer([{ ...look, run: () => during().then(() => 'I looked.') }, send])
  use(model, server)
  const thread = await begun(model)
  during = () => off(thread, nameOf(server))
  model.script(
    { calls: [{ name: 'look', arguments: {}, id: 'c1' }] },
    { calls: [{ name: 'send', arguments: {}, id: 'c2' }] },
    { text: 'It is off.' },
  )
  await agentDoor(ann).say(thread, 'look, then send')
  expect(server.calls.map(({ tool }) => tool)).toEqual(['look'])
  expect(await ledger()).toMatchObject([
    { tool: 'look', status: 'succeeded' },
    { tool: 'send', status: 'failed', failureClass: 'denied' },
  ])
  expect(JSON.stringify(model.requests[3]?.body.input)).toContain('the person switched this tool off')
})

test('an approval that is given after the switch calls nothing', async () => {
  await using server = await mcpServer([{ name: 'wipe', annotations: { destructiveHint: true }, run: () => 'gone' }])
  await using model = await openAIServer()
  use(model, server)
  const thread = await begun(model)
  model.script({ calls: [{ name: 'wipe', arguments: {}, id: 'c1' }] })
  const [card] = widgets((await agentDoor(ann).say(thread, 'wipe it')).events)
  await off(thread, nameOf(server), 'wipe')
  const { events } = await agentDoor(ann).press(thread, card as WidgetItem, 'Approve')
  expect(JSON.stringify(events)).toContain('was removed or was switched off')
  expect(server.calls).toEqual([])
})

test('a command says that its tool is off, and calls nothing', async () => {
  await using server = await mcpServer([look, send])
  await using model = await openAIServer()
  use(model, server)
  const thread = await begun(model)
  await off(thread, nameOf(server), 'send')
  const { events } = await agentDoor(ann).say(thread, '/send')
  expect(said(events)).toContain('`send` is switched off for this conversation')
  await off(thread, 'switchboard')
  expect(said((await agentDoor(ann).say(thread, '/add_task title=milk')).events)).toContain('is switched off')
  expect(said((await agentDoor(ann).say(thread, '/tools')).events)).not.toContain('add_task')
  expect(model.requests).toHaveLength(1)
  expect(server.calls).toEqual([])
})

test('a button of a tool’s widget does nothing while its server is off', async () => {
  const thread = threadOf(await agentDoor(ann).begin('Add a task: buy milk'))
  const [tasks] = widgets((await agentDoor(ann).say(thread, 'what is open?')).events)
  const box = nodes((tasks as WidgetItem).widget).find(({ type }) => type === 'Checkbox')
  await off(thread, 'switchboard')
  const { events } = await agentDoor(ann).act(thread, tasks, box?.onChangeAction)
  expect(events.at(-1)).toMatchObject({ type: 'error', message: expect.stringContaining('is not available') })
})

describe('a new conversation', () => {
  const create = (metadata: object) =>
    agentDoor(ann).ask({ type: 'threads.create', params: { input: typed('hello') }, metadata })

  test('begins without what its person switched off before the first message', async () => {
    await using server = await mcpServer([look, send])
    await using model = await openAIServer({ text: 'Hello.' }, { text: 'Again.' })
    use(model, server)
    const reply = await create({ switched_off: [{ server: nameOf(server), tool: 'send' }, { server: 'switchboard' }] })
    const isAsWanted = (names: string[]) =>
      names.includes('look') && !names.includes('send') && !names.includes('add_task')
    expect(toolsOf(model.requests[0])).toSatisfy(isAsWanted)
    await agentDoor(ann).say(threadOf(reply), 'again')
    expect(toolsOf(model.requests[1])).toSatisfy(isAsWanted)
  })

  test.each([['everything'], [[{ tool: 'x' }]], [Array(501).fill({ server: 'x' })], [null]])(
    'does not begin if what is off cannot be read (%#)',
    async (switched) => {
      expect(await create({ switched_off: switched })).toMatchObject({ status: 400 })
    },
  )
})

describe('the list', () => {
  test('has each server’s state and tools, with title, description, whether it asks and is on', async () => {
    await using server = await mcpServer([
      { ...look, title: 'Look around', description: 'Looks\u202e around.' },
      { name: 'wipe', annotations: { destructiveHint: true }, run: () => 'gone' },
      { name: 'mail', annotations: { destructiveHint: false }, run: () => 'sent' },
    ])
    withSettings({ MCP_SERVER_URL: server.url })
    const thread = threadOf(await agentDoor(ann).begin('hello'))
    await off(thread, nameOf(server), 'wipe')
    const shown = (await listed(thread)).find(({ name }: { name: string }) => name === nameOf(server))
    expect(shown).toEqual({
      ...{ name: nameOf(server), state: 'connected', isOn: true },
      tools: [
        { ...{ name: 'look', title: 'Look around', isOn: true }, description: 'Looks⟦U+202E⟧ around.', asks: 'never' },
        { name: 'wipe', title: 'wipe', description: 'wipe', asks: 'always', isOn: false },
        { name: 'mail', title: 'mail', description: 'mail', asks: 'after_content', isOn: true },
      ],
    })
    expect(
      (await listed()).flatMap(({ tools }: { tools: { isOn: boolean }[] }) => tools.map(({ isOn }) => isOn)),
    ).not.toContain(false)
  })

  test('refuses a conversation that is not the person’s, and a visitor', async () => {
    const thread = threadOf(await agentDoor(ann).begin('hello'))
    const bob = await signedIn()
    const body = { thread, server: 'switchboard', is_on: false }
    expect((await put(request('', 'PUT', body, bob))).status).toBe(404)
    await off(thread, 'switchboard')
    expect((await put(request('', 'PUT', { ...body, is_on: true }, bob))).status).toBe(404)
    const [ours] = await listed(thread, bob)
    expect(ours).toMatchObject({ name: 'switchboard', isOn: true })
    expect((await listed(thread))[0]).toMatchObject({ isOn: false })
    const nobody = { headers: {} } as typeof ann
    expect((await put(request('', 'PUT', body, nobody))).status).toBe(401)
  })

  test('keeps at most 2,000 switches, and a NUL in a name is no error', async () => {
    const thread = threadOf(await agentDoor(ann).begin('hello'))
    await off(thread, 'a\0b', 'c\0d')
    expect((await listed(`${thread}%00`)).length).toBeGreaterThan(0)
    const { switchOff } = await import('#lib/data/chat/switched-off-tools.ts')
    const many = (count: number) => Array.from({ length: count }, (_, index) => ({ server: 's', tool: `t${index}` }))
    await switchOff(ann.caller, thread, many(1_999))
    await expect(switchOff(ann.caller, thread, many(2_000))).rejects.toThrow('No more than 2,000 tools')
    await Promise.all([1, 2, 3].map(() => off(thread, 's', 't1')))
  })
})
