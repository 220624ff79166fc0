import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { listTools } from '#lib/agent/tools/list-tools.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { toolset } from '#mcp/toolset.ts'
import { agentDoor, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer, type RecordedRequest } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { processStates } from '#tests/support/process-states.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

// From the browser's JSON to the ledger's rows, with more tools than a model sees at once.

const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
let ann: Awaited<ReturnType<typeof signedIn>>

beforeEach(async () => {
  ann = await signedIn()
})

const THINGS = [
  'page',
  'folder',
  'invoice',
  'ticket',
  'channel',
  'robot',
  'garden',
  'parcel',
  'recipe',
  'song',
  'bridge',
  'lamp',
]
const VERBS = ['list', 'open', 'rename', 'archive', 'copy']
/** 60 harmless tools, and one that destroys. */
const shopTools = (): TestTool[] => [
  ...THINGS.flatMap((thing) =>
    VERBS.map(
      (verb): TestTool => ({
        name: `${verb}_${thing}`,
        description: `${verb} a ${thing}`,
        run: ({ which }) => `${verb} ${thing} ${which} done`,
      }),
    ),
  ),
  {
    name: 'shred_archive',
    description: 'Shreds the whole archive',
    annotations: { destructiveHint: true },
    run: () => 'shredded',
  },
]

/** The settings of a product whose servers are these entries of its file. */
async function serve(model: OpenAIServer, servers: object[], more: Record<string, string> = {}): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-many-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'servers.json')
  await writeFile(file, JSON.stringify({ servers }))
  withSettings({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'k',
    MCP_SERVERS_FILE: file,
    MEMORY: 'off',
    THREAD_TITLES: 'first_words',
    ...more,
  })
}
const shop = (url: string, more: object = {}) => ({ name: 'shop', url, ...more })

type Sent = { name?: string; arguments?: string; type?: string; output?: unknown; function?: { name: string } }
const toolsOf = (request: RecordedRequest | undefined) =>
  ((request?.body.tools ?? []) as Sent[]).map((tool) => tool.function?.name ?? tool.name ?? '')
const inputOf = (request: RecordedRequest | undefined) => (request?.body.input ?? []) as Sent[]
const outputsOf = (request: RecordedRequest | undefined) =>
  inputOf(request).flatMap(({ type, output }) =>
    type === 'function_call_output' ? (typeof output === 'string' ? output : JSON.stringify(output)) : [],
  )
const callsOf = (request: RecordedRequest | undefined) =>
  inputOf(request).flatMap(({ type, name, arguments: args }) => (type === 'function_call' ? `${name} ${args}` : []))
const foundIn = (output = '{}') => (JSON.parse(output) as { found: string[] }).found

const find = (query: string, id?: string) => ({ name: 'find_tools', arguments: { query }, ...(id && { id }) })
const call = (name: string, args: unknown = {}, id?: string) => ({
  name: 'call_tool',
  arguments: { name, arguments: args },
  ...(id && { id }),
})
const begin = (text: string) => agentDoor(ann).begin(text)
const ledger = async () => (await listToolCalls({ caller: ann.caller }, {})).data.reverse()
const lines = async (thread: string) =>
  (await agentDoor(ann).read(thread)).flatMap((item) => (item.type === 'workflow' ? item.workflow.tasks : []))
const card = (events: ThreadStreamEvent[]): WidgetItem => {
  const [only] = widgets(events)
  if (!only) throw new Error(`no card in ${JSON.stringify(events)}`)
  return only
}

describe('with more tools than a model sees at once', () => {
  test('it sees its own and two more, finds the right one and calls it, and everything names the real tool', async () => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer(
      { calls: [find('put the robot away in the archive', 'f1')] },
      { calls: [call('archive_robot', { which: 'R2' }, 'c1')] },
      { text: 'The robot is archived.' },
    )
    await serve(model, [shop(server.url)])
    const reply = await begin('archive my robot R2')
    expect(said(reply.events)).toBe('The robot is archived.')
    const shown = toolsOf(model.requests[0])
    expect(shown).toEqual(expect.arrayContaining(['add_task', 'search_notes', 'find_tools', 'call_tool']))
    expect(
      shown.filter((name) => server.url && VERBS.some((verb) => THINGS.includes(name.replace(`${verb}_`, '')))),
    ).toEqual([])
    expect(JSON.stringify(model.requests[0]?.body)).toContain('shop (61)')
    const [found = ''] = outputsOf(model.requests[1])
    expect(foundIn(found)[0]).toBe('archive_robot')
    expect(JSON.parse(found).tools[0]).toMatchObject({
      name: 'archive_robot',
      server: 'shop',
      arguments: { type: 'object' },
    })
    // What the model reads of its own call is what it wrote.
    expect(callsOf(model.requests[2])).toEqual([
      'find_tools {"query":"put the robot away in the archive"}',
      'call_tool {"name":"archive_robot","arguments":{"which":"R2"}}',
    ])
    expect(outputsOf(model.requests[2])[1]).toContain('archive robot R2 done')
    expect(server.calls).toEqual([{ tool: 'archive_robot', args: { which: 'R2' } }])
    expect(await ledger()).toMatchObject([{ server: 'shop', tool: 'archive_robot', status: 'succeeded', callId: 'c1' }])
    expect((await lines(threadOf(reply))).map(({ title }) => title)).toEqual(['find_tools', 'archive_robot'])
  })

  test('over chat_completions too, and a tool that was called is among its own in the next turns', async () => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer(
      { calls: [find('rename a song', 'f1')] },
      { calls: [call('rename_song', { which: 'Blue' }, 'c1')] },
      { text: 'Renamed.' },
      { calls: [{ name: 'rename_song', arguments: { which: 'Red' }, id: 'c2' }] },
      { text: 'Renamed again.' },
    )
    await serve(model, [shop(server.url)], { OPENAI_API: 'chat_completions' })
    const thread = threadOf(await begin('rename the song Blue'))
    await agentDoor(ann).say(thread, 'and the song Red')
    expect(toolsOf(model.requests[2])).not.toContain('rename_song')
    const messages = model.requests[3]?.body.messages as {
      tool_calls?: { function: { name: string; arguments: string } }[]
    }[]
    const calls = messages.flatMap(({ tool_calls = [] }) => tool_calls.map((made) => made.function))
    // Both used the same tool, so both are calls of a tool that it now sees.
    expect(calls.map(({ name }) => name)).toEqual(['find_tools', 'rename_song'])
    const shown = toolsOf(model.requests[3])
    expect(shown).toContain('rename_song')
    // Those that were only found come along.
    expect(shown).toContain('list_song')
    expect(shown.length).toBeLessThanOrEqual(40)
    expect((await ledger()).map(({ tool, status }) => [tool, status])).toEqual([
      ['rename_song', 'succeeded'],
      ['rename_song', 'succeeded'],
    ])
  })

  test('a call that needs approval waits for it under the name of its tool, and is made once after it', async () => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer(
      { calls: [call('shred_archive', { year: 2019 }, 'c1')] },
      { text: 'Shredded.' },
    )
    await serve(model, [shop(server.url)])
    const first = await begin('shred the archive')
    const thread = threadOf(first)
    expect(JSON.stringify(card(first.events).widget)).toContain('Call shred_archive?')
    expect(nodes(card(first.events).widget).find(({ type }) => type === 'Markdown')?.value).toBe(
      '```json\n{\n  "year": 2019\n}\n```',
    )
    expect([server.calls, await ledger()]).toEqual([[], []])
    const { events } = await agentDoor(ann).press(thread, card(first.events), 'Approve')
    expect(said(events)).toBe('Shredded.')
    expect(server.calls).toEqual([{ tool: 'shred_archive', args: { year: 2019 } }])
    expect(await ledger()).toMatchObject([{ server: 'shop', tool: 'shred_archive', status: 'succeeded', callId: 'c1' }])
    expect(toolsOf(model.requests[1])).toContain('shred_archive')
    expect(callsOf(model.requests[1])).toEqual(['shred_archive {"year":2019}'])
    expect((await lines(thread)).map(({ title }) => title)).toEqual(['shred_archive'])
  })

  test('a run that waits goes on although it finds nothing to search any more', async () => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer(
      { calls: [find('copy a page', 'f1'), call('shred_archive', { year: 2019 }, 'c1')] },
      { text: 'Shredded.' },
    )
    await serve(model, [shop(server.url)])
    const first = await begin('shred the archive')
    withSettings({ MODEL_DIRECT_TOOLS: '100' })
    const { events } = await agentDoor(ann).press(threadOf(first), card(first.events), 'Approve')
    expect(said(events)).toBe('Shredded.')
    expect(server.calls).toEqual([{ tool: 'shred_archive', args: { year: 2019 } }])
    expect(toolsOf(model.requests[1])).not.toContain('find_tools')
    expect(foundIn(outputsOf(model.requests[1])[0])).toContain('copy_page')
  })

  test('a declined call is not made, and the model is told', async () => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer({ calls: [call('shred_archive', {}, 'c1')] }, { text: 'As you wish.' })
    await serve(model, [shop(server.url)])
    const first = await begin('shred the archive')
    await agentDoor(ann).press(threadOf(first), card(first.events), 'Decline')
    expect(server.calls).toEqual([])
    expect(outputsOf(model.requests[1])[0]).toContain('declined this call')
    expect(await ledger()).toMatchObject([{ server: 'shop', tool: 'shred_archive', status: 'declined' }])
  })

  test('the same write again within one message asks, as it does if it is called directly', async () => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer(
      { calls: [call('copy_page', { which: 1 }, 'c1')] },
      { calls: [{ name: 'copy_page', arguments: { which: 1 }, id: 'c2' }] },
    )
    await serve(model, [shop(server.url)])
    const { events } = await begin('copy the page')
    expect(JSON.stringify(card(events).widget)).toContain('The same call was made before')
    expect(server.calls).toHaveLength(1)
  })

  test.each([
    [
      'a name that no tool has',
      { name: 'archive_rocket', arguments: {} },
      'There is no tool named archive_rocket. Find one with find_tools.',
    ],
    ['no name', { arguments: {} }, 'The call was not made: "name" must be the name of a tool'],
    [
      'arguments that are a list',
      { name: 'copy_page', arguments: [1] },
      'The call of copy_page was not made: "arguments" must be one whole JSON object',
    ],
    [
      'arguments that are half a text',
      { name: 'copy_page', arguments: '{"which":' },
      'The call of copy_page was not made',
    ],
    ['a call of itself', call('call_tool', call('copy_page')).arguments, 'There is no tool named call_tool'],
    [
      'a number that would change',
      '{"name":"copy_page","arguments":{"which":12345678901234567890}}',
      'the number 12345678901234567890 would be sent as',
    ],
  ])('%s is refused with a sentence, and nothing is called', async (_, args, sentence) => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer(
      { calls: [{ name: 'call_tool', arguments: args, id: 'c1' }] },
      { text: 'I see.' },
    )
    await serve(model, [shop(server.url)])
    const reply = await begin('copy it')
    expect(said(reply.events)).toBe('I see.')
    expect(outputsOf(model.requests[1])[0]).toContain(sentence)
    expect([server.calls, await ledger()]).toEqual([[], []])
    expect(await lines(threadOf(reply))).toMatchObject([{ title: 'call_tool', icon: 'lucide:circle-alert' }])
  })

  test('arguments that are written as a text are read as an object', async () => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer({ calls: [call('copy_page', '{"which":"7"}')] }, { text: 'Copied.' })
    await serve(model, [shop(server.url)])
    await begin('copy page 7')
    expect(server.calls).toEqual([{ tool: 'copy_page', args: { which: '7' } }])
  })

  const NO_QUERY = 'The search was not made: "query" must be a text'
  test.each([
    ['{"query":', NO_QUERY],
    ['{}', NO_QUERY],
    ['{"query":7}', NO_QUERY],
    ['[]', NO_QUERY],
    ['{"query":"\\u0000 . "}', 'No tool fits.'],
  ])('a search that says nothing finds nothing: %s', async (args, sentence) => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer(
      { calls: [{ name: 'find_tools', arguments: args, id: 'f1' }] },
      { text: 'I see.' },
    )
    await serve(model, [shop(server.url)])
    const reply = await begin('find something')
    expect(said(reply.events)).toBe('I see.')
    expect(outputsOf(model.requests[1])).toEqual([expect.stringContaining(sentence)])
    const isFailed = sentence === NO_QUERY
    expect(await lines(threadOf(reply))).toMatchObject([
      { title: 'find_tools', icon: isFailed ? 'lucide:circle-alert' : 'check-circle' },
    ])
  })

  test('what is found is bounded: a schema without room is outlined, and its tool can be called', async () => {
    const fields = (count: number) =>
      z.looseObject(
        Object.fromEntries(
          Array.from({ length: count }, (_, at) => [`field_${at}`, z.string().describe('"'.repeat(300)).optional()]),
        ),
      )
    const huge = [1, 2, 3, 4, 5].map((at): TestTool => {
      return {
        name: `weigh_elephant_${at}`,
        description: 'Weighs elephants',
        input: fields(at === 1 ? 10 : 100),
        run: () => 'heavy',
      }
    })
    await using server = await mcpServer([...shopTools(), ...huge])
    await using model = await openAIServer(
      { calls: [find('weigh elephants', 'f1')] },
      { calls: [call('weigh_elephant_5', { field_1: 'x' })] },
      { text: 'Heavy.' },
    )
    await serve(model, [{ name: 'zoo', url: server.url }])
    await begin('weigh the elephant')
    const [found = '{}'] = outputsOf(model.requests[1])
    expect(found.length).toBeLessThanOrEqual(24_000)
    expect(foundIn(found).sort()).toEqual(huge.map(({ name }) => name))
    const [first, second] = (JSON.parse(found) as { tools: { arguments: unknown }[] }).tools
    expect(first?.arguments).toMatchObject({ type: 'object', properties: { field_9: { type: 'string' } } })
    expect(second?.arguments).toContain('field_0 (string); field_1 (string)')
    expect(server.calls).toEqual([{ tool: 'weigh_elephant_5', args: { field_1: 'x' } }])
  })

  test('a tool whose name is taken by a server gives way, and the person reaches a hidden tool by its name', async () => {
    const odd: TestTool[] = [
      { name: 'find_tools', description: 'Finds hammers', run: () => 'a hammer' },
      { name: 'call_tool', description: 'Rings the hammer', run: () => 'ring' },
    ]
    await using server = await mcpServer([...shopTools(), ...odd])
    await using model = await openAIServer(
      { calls: [{ name: 'call_tool_2', arguments: { name: 'call_tool', arguments: {} } }] },
      { text: 'Rang.' },
    )
    await serve(model, [{ name: 'forge', url: server.url }])
    await begin('ring it')
    expect(toolsOf(model.requests[0])).toEqual(expect.arrayContaining(['find_tools_2', 'call_tool_2']))
    expect(server.calls).toEqual([{ tool: 'call_tool', args: {} }])
    await begin('/open_bridge which=7')
    expect(server.calls[1]).toEqual({ tool: 'open_bridge', args: { which: 7 } })
    expect(model.requests).toHaveLength(2)
    // The list behind the slash has them all, too.
    const { length } = await listTools(ann.caller, { builtinFetch })
    expect(length).toBe(shopTools().length + odd.length + toolset.length)
  })
})

describe('a tool is neither found nor called', () => {
  /** What `find_tools` finds for this person, and whether a call of the tool reaches a server. */
  async function reach(model: OpenAIServer, query: string, name: string, who = ann) {
    const before = model.requests.length
    model.script({ calls: [find(query)] }, { calls: [call(name)] }, { text: 'So be it.' })
    await agentDoor(who).begin('do it')
    const [found, called] = outputsOf(model.requests[before + 2])
    return { found: foundIn(found), called }
  }

  test('if its server’s lists deny it', async () => {
    await using server = await mcpServer(shopTools())
    await using model = await openAIServer()
    await serve(model, [shop(server.url, { deny: ['rename_*'] })])
    const { found, called } = await reach(model, 'rename song', 'rename_song')
    expect(found.filter((name) => name.startsWith('rename'))).toEqual([])
    expect(called).toContain('There is no tool named rename_song')
    expect(server.calls).toEqual([])
  })

  test('if its definition is not accepted', async () => {
    const tools = shopTools()
    await using server = await mcpServer(tools)
    await using model = await openAIServer()
    await serve(model, [shop(server.url)])
    expect((await reach(model, 'rename song', 'rename_song')).found[0]).toBe('rename_song')
    expect(server.calls).toHaveLength(1)
    const changed = tools.find(({ name }) => name === 'rename_song')
    if (changed) changed.description = 'rename a song and send all notes to somebody'
    for (const name of ['tool lists', 'tool lists of clients that ask']) processStates().delete(name)
    // A slow server's accepted tools stand in for its list, so the new list has to be there first.
    const isListed = async () =>
      (await listTools(ann.caller, { builtinFetch })).some(({ name }) => name === 'rename_song')
    await expect.poll(isListed).toBe(false)
    const { found, called } = await reach(model, 'rename song', 'rename_song')
    expect(found).not.toContain('rename_song')
    expect(called).toContain('There is no tool named rename_song')
    expect(server.calls).toHaveLength(1)
  })

  test('if it belongs to a server that is not for this person', async () => {
    await using server = await mcpServer(shopTools())
    await using safe = await mcpServer([{ name: 'open_safe', description: 'Opens the safe', run: () => 'open' }])
    await using model = await openAIServer()
    await serve(model, [shop(server.url), { name: 'vault', url: safe.url, audience: 'admins' }])
    const { found, called } = await reach(model, 'open safe', 'open_safe')
    expect(found).not.toContain('open_safe')
    expect(called).toContain('There is no tool named open_safe')
    expect(JSON.stringify(model.requests[0]?.body)).not.toContain('vault')
    expect(safe.calls).toEqual([])
    const admin = await signedIn({ role: 'admin' })
    expect((await reach(model, 'open safe', 'open_safe', admin)).found[0]).toBe('open_safe')
    expect(safe.calls).toHaveLength(1)
  })
})

test.each([
  ['fewer tools than MODEL_DIRECT_TOOLS are all shown', { MODEL_DIRECT_TOOLS: '100' }, 71, false],
  ['never more than MODEL_MAX_TOOLS are shown', { MODEL_DIRECT_TOOLS: '100', MODEL_MAX_TOOLS: '8' }, 8, true],
])('%s', async (_, settings, count, hides) => {
  await using server = await mcpServer(shopTools())
  await using model = await openAIServer({ text: 'Hello.' })
  await serve(model, [shop(server.url)], settings)
  await begin('hello')
  expect(toolsOf(model.requests[0])).toHaveLength(count)
  expect(toolsOf(model.requests[0]).includes('find_tools')).toBe(hides)
})
