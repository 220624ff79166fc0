import { beforeEach, describe, expect, test } from 'vitest'
import { readArguments } from '#lib/agent/models/direct/read-arguments.ts'
import { isDirectCall } from '#lib/agent/models/direct/slash-command.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { agentDoor, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

let ann: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  ann = await signedIn()
})

const begin = (text: string) => agentDoor(ann).begin(text)
const say = (thread: string, text: string) => agentDoor(ann).say(thread, text)
const tasks = () => withCaller(ann.caller, (tx) => tx.task.findMany())

describe.each([true, false])('with a real model: %s', (real) => {
  test('a tool is called by name as the person and recorded in the ledger, and the model is not asked', async () => {
    await using model = await openAIServer()
    await using server = await mcpServer([{ name: 'my_tool', run: ({ param }) => `you said ${param}` }])
    withSettings({ ...(real && { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' }), MCP_SERVER_URL: server.url })
    const first = await begin('/add_task title="buy milk" due=2026-12-01')
    expect(said(first.events)).toContain('"title": "buy milk"')
    expect(await tasks()).toMatchObject([{ title: 'buy milk', due: '2026-12-01' }])
    const second = await say(threadOf(first), '/my_tool param=hello')
    expect(said(second.events)).toContain('you said hello')
    expect(JSON.stringify(second.events)).toContain('"title":"my_tool"')
    const { data } = await listToolCalls({ caller: ann.caller })
    expect(data.map(({ tool, status, via }) => [tool, status, via])).toEqual([
      ['my_tool', 'succeeded', 'chat'],
      ['add_task', 'succeeded', 'chat'],
    ])
    expect((await say(threadOf(first), '/tools')).events.length).toBeGreaterThan(0)
    expect(model.requests).toEqual([])
    const runs = await withCaller(ann.caller, (tx) => tx.run.findMany())
    expect(runs.map((run) => run.model)).toEqual(['direct call', 'direct call', 'direct call'])
  })

  test('a direct call follows the same policy: a destructive one needs an approval, and continues after it', async () => {
    await using model = await openAIServer()
    if (real) withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
    const thread = threadOf(await begin('/add_task title="buy milk"'))
    const { events } = await say(thread, '/delete_task number=1')
    const card = widgets(events)[0] as WidgetItem
    expect(await tasks()).toHaveLength(1)
    const after = await agentDoor(ann).press(thread, card, 'Approve')
    expect(await tasks()).toEqual([])
    expect(said(after.events)).toContain('`delete_task` answered')
    expect(model.requests).toEqual([])
  })
})

test('the model of a later turn knows about a direct call, and gets a command that names no tool', async () => {
  await using model = await openAIServer({ text: 'One task.' }, { text: 'Sorry?' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  const thread = threadOf(await begin('/add_task buy milk'))
  expect(said((await say(thread, 'what did I add?')).events)).toBe('One task.')
  expect(JSON.stringify(model.requests[0]?.body)).toContain('buy milk')
  expect(said((await say(thread, '/shrug')).events)).toBe('Sorry?')
})

test('wrong arguments are explained without a call', async () => {
  await using model = await openAIServer()
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  expect(said((await begin('/add_task title="never closed')).events)).toContain('Write arguments as')
  expect((await listToolCalls({ caller: ann.caller })).data).toEqual([])
})

test.each([
  ['/add_task x=1', true],
  ['/add-task x=1', true],
  ['  /add_task\n{"a":1}', true],
  ['/tools', true],
  ['/find x', true],
  ['/etc/hosts is what?', false],
  ['/shrug', false],
  ['say /add_task', false],
  ['/', false],
])('%j is a direct call: %s', (text, direct) => {
  expect(isDirectCall(text, [{ name: 'add_task' }, { name: 'two_find' }])).toBe(direct)
})

const tool = {
  name: 'book',
  properties: {
    title: { type: 'string' },
    due: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    seats: { type: ['string', 'integer'] },
    tags: { type: 'array' },
    open: {},
  },
  required: ['title'],
}
test.each<[string, object]>([
  [String.raw`title="say \"hi\" to Ann" tags=["a b", 'c']`, { problem: expect.stringContaining('could not read') }],
  [
    String.raw`title="say \"hi\" to Ann" tags=["a b","c"]`,
    { values: { title: 'say "hi" to Ann', tags: ['a b', 'c'] } },
  ],
  [String.raw`title='it\'s {odd' due=2026`, { values: { title: "it's {odd", due: '2026' } }],
  ['title=123 seats=4 due=null open=true', { values: { title: '123', seats: 4, due: null, open: true } }],
  ['title={"a": 1}', { values: { title: '{"a": 1}' } }],
  ['buy milk, bread & "more"', { values: { title: 'buy milk, bread & "more"' } }],
  ['{"title": "x", "open": [1]}', { values: { title: 'x', open: [1] } }],
  ['title=', { values: { title: '' } }],
  ['title=buy milk', { problem: expect.stringContaining('`milk`') }],
  ['title="buy"milk', { problem: expect.stringContaining('`milk`') }],
  ['title=a title=b', { problem: '`title` is given twice. Say it once.' }],
  ['due=tomorrow', { problem: '`title` is missing: `/book title=… [due=…] [seats=…] [tags=…] [open=…]`.' }],
  ['', { problem: expect.stringContaining('is missing') }],
])('arguments %j', (text, expected) => expect(readArguments(text, tool)).toEqual(expected))

test('inherited property names are ordinary arguments', () => {
  const read = readArguments('title=a __proto__={"admin":true} constructor=1', tool)
  expect(JSON.stringify(read)).toBe('{"values":{"title":"a","__proto__":{"admin":true},"constructor":1}}')
})

test('a mistyped tool name is answered with similar names', async () => {
  expect(said((await begin('/add')).events)).toBe('There is no tool `add`. Did you mean `/add_task`?')
  expect(said((await begin('/delete_tasks')).events)).toContain('`/delete_task`')
  expect(said((await begin('/zzz')).events)).toBe('There is no tool `zzz`. `/tools` lists those that there are.')
})

test('a tag whose text is a command is none: its words are its server’s, so the model gets them', async () => {
  await using model = await openAIServer({ text: 'I made no call.' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' })
  const tag = { type: 'input_tag', id: 'x', text: '/add_task title="Pay Eve"', data: {} }
  const input = typed('', { content: [tag, { type: 'input_text', text: ' what is this?' }] })
  const { events } = await agentDoor(ann).ask({ type: 'threads.create', params: { input } })
  expect(said(events)).toBe('I made no call.')
  expect((await listToolCalls({ caller: ann.caller })).data).toEqual([])
})
