import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { expireTools, findRememberedTools, type McpTool, rememberTools } from '#lib/mcp-client/tools/tool-lists.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { faultServer } from '#tests/support/tool-servers/fault-server.ts'
import { sessionServer } from '#tests/support/tool-servers/session-server.ts'
import { callingRun, toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// How long a server's tool list is valid: as the server says, within bounds, or until it announces
// a change.

let ann: Caller
beforeEach(async () => {
  ann = (await signedIn()).caller
})

const one = { name: 'one', run: () => 1 }
const two = { name: 'two', run: () => 2 }
const POLL = { timeout: 30_000, interval: 20 }

/** The tools that a turn of this person offers to the model. */
async function offered(server: ReturnType<typeof toolServer>, person = ann): Promise<string[]> {
  noteAnswer(server.url)
  const mcp = await openMcp(await callingRun(person), { servers: [server] })
  const names = (await mcp.connections[0]?.listTools())?.map(({ name }) => name) ?? []
  await mcp.close()
  return names
}

/**
 * A turn waits 200 ms for the new list if an old one is known. On a busier machine a later turn has
 * it.
 */
const soonOffered = (server: ReturnType<typeof toolServer>, names: string[], person = ann) =>
  vi.waitFor(async () => expect(await offered(server, person)).toEqual(names), POLL)

const lists = ({ seen }: { seen: string[] }) => seen.filter((method) => method === 'tools/list').length

describe('the lifetime of a tool list', () => {
  test('of one second: it is fetched again after that, not before', async () => {
    await using fault = await faultServer([one], { kind: 'none' }, { ttlMs: 1_000 })
    const server = toolServer(fault.url)
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    await soonOffered(server, ['one'])
    await vi.waitFor(() => expect(findRememberedTools(server, ann.userId)).toBeDefined(), POLL)
    const asked = lists(fault)
    fault.tools = [one, two]
    expect(await offered(server)).toEqual(['one'])
    expect(lists(fault)).toBe(asked)
    vi.advanceTimersByTime(1_001)
    await soonOffered(server, ['one', 'two'])
  })

  test('without a value: five minutes, per person', async () => {
    await using older = await sessionServer([one], { announces: false })
    const server = toolServer(older.url)
    await soonOffered(server, ['one'])
    const asked = lists(older)
    for (let turn = 0; turn < 3; turn += 1) expect(await offered(server)).toEqual(['one'])
    expect(lists(older)).toBe(asked)
    await soonOffered(server, ['one'], (await signedIn()).caller)
    expect(lists(older)).toBeGreaterThan(asked)
  })

  test.each([
    [0, 1_000],
    [60_000, 60_000],
    [86_400_000, 3_600_000],
    [undefined, 300_000],
  ])('of %s ms becomes %s ms', (ttlMs, counts) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const server = { url: `http://127.0.0.1/${ttlMs}` }
    rememberTools(server, ann.userId, [], { ttlMs })
    vi.advanceTimersByTime(counts - 1)
    expect(findRememberedTools(server, ann.userId)).toEqual([])
    vi.advanceTimersByTime(1)
    expect(findRememberedTools(server, ann.userId)).toBeUndefined()
  })
})

describe('a server that announces changes of its tools', () => {
  test('by subscription (2026-07-28): the next turn has the new tools', async () => {
    await using fault = await faultServer([one], { kind: 'none' }, { ttlMs: 3_600_000, announces: true })
    const server = toolServer(fault.url)
    await soonOffered(server, ['one'])
    await vi.waitFor(() => expect(fault.listening()).toBe(1), POLL)
    const asked = lists(fault)
    await offered(server)
    expect(lists(fault)).toBe(asked)
    fault.tools = [one, two]
    fault.announce()
    await vi.waitFor(() => expect(findRememberedTools(server, ann.userId)).toBeUndefined(), POLL)
    await soonOffered(server, ['one', 'two'])
    expect(fault.listening(), 'one ear a person').toBe(1)
  })

  test.each(['streamable', 'sse'] as const)(
    'on the stream of a session (%s): each person has their own stream and session',
    async (kind) => {
      await using older = await sessionServer([one], { announces: true, kind })
      const server = toolServer(older.url, kind === 'sse' ? { transport: 'sse' } : {})
      const bob = (await signedIn()).caller
      await offered(server)
      await offered(server, bob)
      await vi.waitFor(() => expect([older.sessions(), older.streams()]).toEqual([2, 2]), POLL)
      older.tools.push(two)
      for (const person of [ann, bob]) {
        // It is not visible from outside when the stream is open, so the change is announced until
        // it is noticed.
        const told = () =>
          older.announce().then(() => expect(findRememberedTools(server, person.userId)).toBeUndefined())
        await vi.waitFor(told, POLL)
        await soonOffered(server, ['one', 'two'], person)
      }
      await vi.waitFor(() => expect(older.sessions(), 'the turns’ own sessions are ended').toBe(2), POLL)
    },
  )

  test('and then ends the stream: its remembered list expires', async () => {
    const fault = await faultServer([one], { kind: 'none' }, { ttlMs: 3_600_000, announces: true })
    const server = toolServer(fault.url)
    await soonOffered(server, ['one'])
    await vi.waitFor(() => expect(fault.listening()).toBe(1), POLL)
    fault.announce()
    await vi.waitFor(() => expect(findRememberedTools(server, ann.userId)).toBeUndefined(), POLL)
    await vi.waitFor(
      async () => expect(await offered(server).then(() => findRememberedTools(server, ann.userId))).toBeDefined(),
      POLL,
    )
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    vi.advanceTimersByTime(60_000)
    await fault[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(findRememberedTools(server, ann.userId)).toBeUndefined(), POLL)
    expect(findRememberedTools(server, ann.userId, { stale: true })?.map(({ name }) => name)).toEqual(['one'])
  })
})

test('a list that was requested before the change is not remembered', () => {
  const server = { url: 'http://127.0.0.1/race' }
  const tool = { name: 'one', inputSchema: { type: 'object' } } as unknown as McpTool
  rememberTools(server, ann.userId, [tool])
  const askedAt = Date.now()
  expireTools(server, ann.userId)
  rememberTools(server, ann.userId, [tool], { askedAt })
  expect(findRememberedTools(server, ann.userId)).toBeUndefined()
})

test('the first of two tools with one name is kept, and a tool that is too large for a model is left out', async () => {
  const named = (name: string, description: string) => ({ name, description, run: () => 1 })
  await using older = await sessionServer([named('one', 'the first'), named('huge', 'x'.repeat(200_000))], {
    announces: false,
    twice: true,
  })
  await soonOffered(toolServer(older.url), ['one'])
})
