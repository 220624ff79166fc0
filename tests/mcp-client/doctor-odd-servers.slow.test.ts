import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { faultServer } from '#tests/support/tool-servers/fault-server.ts'
import { oddToolServer, type SERVER_HABITS } from '#tests/support/tool-servers/odd-tool-server.ts'
import { openInTime } from '#tests/support/tool-servers/open-in-time.ts'
import { type SessionServer, sessionServer } from '#tests/support/tool-servers/session-server.ts'
import type { CallHabit } from '#tests/support/tool-servers/tool-call-habits.ts'
import { toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// What the doctor says about odd servers, and that an examination leaves nothing behind.

const at = (url: string): McpServer => ({ name: 'examined', url, builtin: false })

async function offered(url: string, config = {}): Promise<string[]> {
  const mcp = await openInTime((await signedIn()).caller, [toolServer(url, config)])
  const lists = await Promise.all(mcp.connections.map((connection) => connection.listTools()))
  await mcp.close()
  return lists.flat().map(({ name }) => name)
}

describe('a bad definition leaves out only its tool, and is reported', () => {
  test.each<[keyof typeof SERVER_HABITS, tools: string[], said: string]>([
    ['tool_without_schema', ['one', 'two'], 'Left out: bad_one (inputSchema: Invalid input'],
    ['tool_without_name', ['one'], 'Left out: tool 2 (name: Invalid input'],
    ['tool_with_odd_schema', ['one'], 'Left out: bad_one (inputSchema.type: Invalid input'],
    ['tool_as_task', ['one'], 'Left out: slow_one (it runs only as a task'],
    ['tool_twice', ['one'], 'Left out: one (its name comes twice'],
    ['tool_of_no_text', ['one', 'two'], 'its name has characters that are no text'],
  ])('%s', async (habit, tools, said) => {
    await using server = await oddToolServer(habit)
    const { steps, healthy, spoken } = await examine(at(server.url))
    const step = steps.find(({ name }) => name === 'Tools')
    expect(step).toMatchObject({
      outcome: 'warning',
      fault: 'bad_tools',
      said: expect.stringContaining(said),
      fix: expect.any(String),
    })
    expect([healthy, spoken?.tools.map(({ name }) => name)]).toEqual([true, tools])
    expect(await offered(server.url)).toEqual(tools)
    expect(await offered(server.url, { pinned: true }), 'as an admin agrees to them').toEqual(tools)
  })
})

test('a server with long instructions is read completely', async () => {
  await using server = await oddToolServer('long_instructions')
  const { steps, healthy } = await examine(at(server.url))
  expect([healthy, steps.filter(({ outcome }) => outcome === 'failed')]).toEqual([true, []])
})

test.each<[keyof typeof SERVER_HABITS]>([['null_cursor'], ['empty_cursor']])('%s ends the list', async (habit) => {
  await using server = await oddToolServer(habit)
  const { steps, healthy } = await examine(at(server.url))
  expect([healthy, steps.find(({ name }) => name === 'Tools')?.said]).toEqual([true, '1: one'])
})

test.each<[keyof typeof SERVER_HABITS, found: string, said: string]>([
  ['list_is_no_list', 'Tools: protocol_error', 'could not be understood'],
  ['unknown_revision', 'Connect: unknown_revision', '"1999-12-31"'],
])('%s is reported as what it is', async (habit, found, said) => {
  await using server = await oddToolServer(habit)
  const { steps } = await examine(at(server.url))
  const step = steps.find(({ outcome }) => outcome === 'failed')
  expect(`${step?.name}: ${step?.fault}`).toBe(found)
  expect(step?.said).toContain(said)
  expect(step?.fix).not.toContain('log at this time')
})

test('a list without an end is a warning: what its first pages had works', async () => {
  await using server = await oddToolServer('endless_cursors')
  const { steps, healthy } = await examine(at(server.url))
  const step = steps.find(({ name }) => name === 'Tools')
  expect([healthy, step]).toMatchObject([true, { outcome: 'warning', fault: 'endless_list' }])
  expect(step?.said).toContain('the list has no end within 20 pages')
})

test('an address without its slash is a warning, and the server behind it is still examined', async () => {
  await using server = await oddToolServer('none', { slash: true })
  const { steps, healthy } = await examine(at(server.url))
  expect(healthy).toBe(true)
  const endpoint = steps.find(({ name }) => name === 'Endpoint')
  expect(endpoint).toMatchObject({ outcome: 'warning', fault: 'slash', fix: `Write ${server.url}/` })
  expect(steps.find(({ name }) => name === 'Tools')?.outcome).toBe('ok')
})

test.each([
  ['a connection that breaks', { kind: 'cut' }],
  ['silence', { kind: 'hang' }],
  ['a 502', { kind: 'status', status: 502 }],
  ['half an answer', { kind: 'malformed' }],
] as const)('%s while listing tools is reported without mention of effects', async (_, fault) => {
  await using server = await faultServer([{ name: 'echo', run: () => 'ok' }], { ...fault, stage: 'tools/list' })
  const { steps } = await examine(at(server.url), { stepMs: 700 })
  const step = steps.find(({ name }) => name === 'Tools')
  expect(step?.outcome).toBe('failed')
  expect(`${step?.said} ${step?.fix}`).not.toMatch(/effect|during the call/)
})

test.each<[CallHabit, fault: string, said: string]>([
  ['elicits', 'input_required', 'elicitation'],
  ['samples', 'input_required', 'sampling'],
  ['input_required', 'input_required', 'elicitation'],
  ['quota', 'server_error', 'Quota of 5 exports a day is used up'],
  ['status_413', 'too_large', 'too large'],
  ['status_429', 'overloaded', 'Try again in 40 seconds'],
  ['stream_ends', 'transport_lost', 'before the result came'],
  ['accepted', 'protocol_error', 'never answered it'],
])('a call that ends as %s is reported as %s', async (tool, fault, said) => {
  await using server = await oddToolServer()
  const { steps } = await examine(at(server.url), { call: { tool, args: {} } })
  expect(steps.at(-1)).toMatchObject({
    name: `Call ${tool}`,
    outcome: 'failed',
    fault,
    said: expect.stringContaining(said),
  })
  expect(steps.at(-1)?.fix).not.toContain('log at this time')
})

test('a call whose answer does not fit its schema counts as made, with a remark', async () => {
  await using server = await oddToolServer()
  const { steps } = await examine(at(server.url), { call: { tool: 'wrong_structured', args: {} } })
  expect(steps.at(-1)).toMatchObject({
    outcome: 'ok',
    said: expect.stringContaining('does not fit the schema of the tool'),
  })
})

describe.each(['sse', 'streamable'] as const)('after an examination of a %s server', (kind) => {
  const examined = (server: SessionServer) =>
    examine(kind === 'sse' ? toolServer(server.url, { transport: 'sse' }) : at(server.url), {
      call: { tool: 'echo', args: {} },
    })

  test('no stream and no session is left, however often it is repeated', async () => {
    await using server = await sessionServer([{ name: 'echo', run: () => 'ok' }], { kind })
    for (let times = 0; times < 3; times += 1) {
      const { healthy, steps } = await examined(server)
      expect(healthy, JSON.stringify(steps)).toBe(true)
    }
    await vi.waitFor(() => expect([server.streams(), server.sessions()]).toEqual([0, 0]), 20_000)
  })

  test('no stream and no session is left if a step times out', async () => {
    await using server = await sessionServer([{ name: 'echo', run: () => new Promise(() => undefined) }], { kind })
    await examine(kind === 'sse' ? toolServer(server.url, { transport: 'sse' }) : at(server.url), {
      ...{ call: { tool: 'echo', args: {} }, stepMs: 700 },
    })
    await vi.waitFor(() => expect([server.streams(), server.sessions()]).toEqual([0, 0]), 20_000)
  })
})

test.each([['--sse'], []])('npm run doctor %s exits', async (...flags) => {
  await using server = await sessionServer([{ name: 'echo', run: () => 'ok' }], {
    kind: flags.length > 0 ? 'sse' : 'streamable',
  })
  const child = spawn(process.execPath, ['scripts/commands/switchboard.ts', 'doctor', server.url, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const [code] = await once(child, 'exit')
  expect(said).toContain('Healthy')
  expect(code).toBe(0)
})
