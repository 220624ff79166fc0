import { beforeEach, describe, expect, test } from 'vitest'
import { findBearerCaller } from '#lib/auth/tokens/find-bearer-caller.ts'
import { findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCallId } from '#lib/mcp-client/calls/call-id.ts'
import type { CallFacts, CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { toSafeDetail } from '#lib/mcp-client/failures/mcp-failure.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { type McpServer, readConfiguredServers } from '#lib/mcp-client/servers/mcp-servers.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpHandler, mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

let caller: Caller
let run: CallingRun
const external = (url: string, name = 'outside'): McpServer => ({ name, url, builtin: false })
const echo: TestTool = { name: 'echo', run: (args) => args }

beforeEach(async () => {
  caller = (await signedIn()).caller
  run = { id: newId('run'), threadId: newId('thr'), userId: caller.userId }
  await withCaller(caller, async (tx) => {
    await tx.thread.create({ data: { id: run.threadId, ownerId: caller.userId } })
    await tx.run.create({
      data: { id: run.id, ownerId: caller.userId, threadId: run.threadId, requestId: 'r', operation: 'o' },
    })
  })
})

const ledger = async () => (await listToolCalls({ caller })).data
type Result = { content: { type: string; [key: string]: unknown }[]; _meta?: unknown } | undefined
const text = (result: Result) => String(result?.content[0]?.text)
const facts = (result: Result) => (result?._meta as { 'switchboard/call': CallFacts } | undefined)?.['switchboard/call']

async function connect(...servers: McpServer[]) {
  for (const { url } of servers) noteAnswer(url)
  const mcp = await openMcp(run, { servers })
  const only = mcp.connections[0]
  return {
    ...mcp,
    call: (name: string, args = {}) =>
      only ? withCallId('call_1', () => only.callToolResult(name, args)) : Promise.reject(new Error('no connection')),
  }
}

describe('a call', () => {
  test('reaches the server, returns and is recorded in the ledger', async () => {
    await using server = await mcpServer([echo])
    const mcp = await connect(external(server.url))
    const result = await mcp.call('echo', { a: 1 })
    await mcp.close()
    expect(text(result)).toBe('{"a":1}')
    expect(server.calls).toEqual([{ tool: 'echo', args: { a: 1 } }])
    expect(await ledger()).toMatchObject([
      {
        status: 'succeeded',
        server: 'outside',
        tool: 'echo',
        callId: 'call_1',
        runId: run.id,
        threadId: run.threadId,
        via: 'chat',
      },
    ])
  })

  test('is in the ledger as pending before it is sent', async () => {
    let seen: unknown
    const look = async () => {
      seen = (await ledger())[0]?.status
      return 'ok'
    }
    await using server = await mcpServer([{ name: 'look', run: look }])
    const mcp = await connect(external(server.url))
    await mcp.call('look')
    await mcp.close()
    expect(seen).toBe('pending')
  })

  test('is not sent if it cannot be recorded in the ledger', async () => {
    await using server = await mcpServer([echo])
    const mcp = await openMcp({ ...run, id: 'run_unknown' }, { servers: [external(server.url)] })
    const result = await mcp.connections[0]?.callToolResult('echo', {})
    await mcp.close()
    expect(server.calls).toEqual([])
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('could not be recorded') }],
    })
  })

  test('reaches its own tool if 20 tools are called at once', async () => {
    await using server = await mcpServer(
      Array.from({ length: 20 }, (_, index) => ({ name: `tool_${index}`, run: () => `answer ${index}` })),
    )
    const mcp = await connect(external(server.url))
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => mcp.call(`tool_${index}`)))
    await mcp.close()
    expect(answers.map(text)).toEqual(Array.from({ length: 20 }, (_, index) => `answer ${index}`))
    expect((await ledger()).filter(({ status }) => status === 'succeeded')).toHaveLength(20)
  })

  test('gets its own answer if 20 runs call the same server at once', async () => {
    await using server = await mcpServer([echo])
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const mcp = await connect(external(server.url))
        const result = await mcp.call('echo', { n })
        await mcp.close()
        return text(result)
      }),
    )
    expect(answers).toEqual(Array.from({ length: 20 }, (_, n) => `{"n":${n}}`))
  })

  test('has a huge answer truncated for the model', async () => {
    await using server = await mcpServer([{ name: 'big', run: () => 'x'.repeat(200_000) }])
    const mcp = await connect(external(server.url))
    const result = await mcp.call('big')
    await mcp.close()
    expect(text(result).length).toBeLessThan(41_000)
    expect(text(result)).toContain('160000 more characters were cut off')
  })
})

describe('a failure has our own sentence, and its class in the ledger', () => {
  const leak = () => {
    throw new Error('cannot reach postgresql://app:hunter2@db:5432/x, password hunter2')
  }
  const cases: { name: string; tool: TestTool; idle?: string; failureClass: string; status: string; says: RegExp }[] = [
    {
      name: 'a tool that throws a secret',
      tool: { name: 't', run: leak },
      failureClass: 'tool_error',
      status: 'failed',
      says: /cannot reach/,
    },
    {
      name: 'a tool that is too slow',
      tool: { name: 't', run: () => new Promise((resolve) => setTimeout(resolve, 1_500, 'late')) },
      idle: '1',
      failureClass: 'idle_timeout',
      status: 'unknown',
      says: /may have taken effect/,
    },
  ]
  test.each(cases)('$name', async ({ tool, idle = '60', failureClass, status, says }) => {
    withSettings({ MCP_CALL_TIMEOUT: idle })
    await using server = await mcpServer([tool])
    const mcp = await connect(external(server.url))
    const result = await mcp.call('t')
    await mcp.close()
    expect(result.isError).toBe(true)
    expect(text(result)).toMatch(says)
    expect(facts(result)?.failure?.class).toBe(failureClass)
    const rows = await ledger()
    expect(rows).toMatchObject([{ status, failureClass }])
    const detail = await findToolCall({ caller }, rows[0]?.id ?? '')
    expect(JSON.stringify([result, rows, detail])).not.toContain('hunter2')
  })

  test('a connection that breaks during the call', async () => {
    let broken = false
    await using server = await mcpServer([echo], async (request) => {
      const body = await request.clone().text()
      if (!body.includes('tools/call')) return undefined
      broken = true
      throw new Error('the socket is destroyed')
    })
    const mcp = await connect(external(server.url))
    const result = await mcp.call('echo')
    await mcp.close()
    expect(broken).toBe(true)
    expect(facts(result)?.failure?.class).toBe('transport_lost')
    expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'transport_lost' }])
  })

  test.each([
    [401, 'unauthorised'],
    [403, 'forbidden'],
    [500, 'outcome_unknown'],
  ])('HTTP %d during the call', async (status, failureClass) => {
    await using server = await mcpServer([echo], async (request) =>
      (await request.clone().text()).includes('tools/call') ? new Response('hunter2', { status }) : undefined,
    )
    const mcp = await connect(external(server.url))
    const result = await mcp.call('echo')
    await mcp.close()
    expect(facts(result)?.failure?.class).toBe(failureClass)
    expect(JSON.stringify([result, await ledger()])).not.toContain('hunter2')
  })

  test('a call that the person stops', async () => {
    const stop = new AbortController()
    await using server = await mcpServer([
      { name: 't', run: () => new Promise((resolve) => setTimeout(resolve, 600, stop.abort() ?? 'late')) },
    ])
    const mcp = await connect(external(server.url))
    const result = await mcp.connections[0]?.callToolResult('t', {}, null, { signal: stop.signal })
    await mcp.close()
    expect(result?.isError).toBe(true)
    expect(await ledger()).toMatchObject([{ status: 'cancelled', failureClass: 'cancelled' }])
  })
})

test.each([
  ['password hunter2', 'password [redacted]'],
  ['password authentication failed for user "app"', 'password authentication failed for user "app"'],
  ['the secret is "open sesame" today', 'the secret is [redacted] today'],
  ['token=abc, api_key: def', 'token=[redacted] api_key: [redacted]'],
  ['your token expired', 'your token expired'],
  ['a\n  b', 'a b'],
])('a server’s words are shown without secrets: %s', (said, shown) => expect(toSafeDetail(said)).toBe(shown))

describe('servers', () => {
  test('are our own, the operator’s from MCP_SERVER_URL, or both', () => {
    withSettings({ MCP_SERVER_URL: 'http://localhost:8001/mcp/' })
    expect(readConfiguredServers()).toEqual([
      { name: 'switchboard', url: 'http://127.0.0.1:3999/mcp', builtin: true },
      { name: 'localhost_8001', url: 'http://localhost:8001/mcp/', builtin: false },
    ])
    withSettings({ MCP_BUILTIN: 'off' })
    expect(readConfiguredServers().map(({ name }) => name)).toEqual(['localhost_8001'])
  })

  test('that are unreachable do not affect the others: refused, unknown name, no answer', async () => {
    await using server = await mcpServer([echo])
    const hole = await serve(() => new Promise(() => undefined))
    const gone = await serve(async () => new Response(''))
    await gone.close()
    const servers = [
      external(`${gone.url}/mcp`, 'refused'),
      external('http://no-such-host.invalid/mcp', 'unknown'),
      external(`${hole.url}/mcp`, 'hole'),
      external(server.url, 'alive'),
    ]
    noteAnswer(server.url)
    const mcp = await openMcp(run, { servers })
    expect(mcp.connections.map(({ name }) => name)).toEqual(['alive'])
    expect(mcp.unavailable.map(({ server, failureClass }) => [server, failureClass]).sort()).toEqual([
      ['hole', 'connect_timeout'],
      ['refused', 'refused'],
      ['unknown', 'dns'],
    ])
    await mcp.close()
    const second = await openMcp(run, { servers })
    expect(second.connections.map(({ name }) => name)).toEqual(['alive'])
    await second.close()
    await hole.close()
  })

  test('with the same tool name: the first server keeps it, the next gets a prefix', async () => {
    await using one = await mcpServer([{ name: 'find', run: () => 'one' }])
    await using two = await mcpServer([
      { name: 'find', run: () => 'two' },
      { name: 'a.b', run: () => 'dotted' },
      { name: 'a-b', run: () => 'hyphened' },
    ])
    const mcp = await openMcp(run, { servers: [external(one.url, 'one'), external(two.url, 'two')] })
    const names = await Promise.all(
      mcp.connections.map(async (connection) => (await connection.listTools()).map(({ name }) => name)),
    )
    expect(names).toEqual([['find'], ['two_find', 'a_b', 'two_a_b']])
    expect(text(await mcp.connections[1]?.callToolResult('two_find', {}))).toBe('two')
    expect(text(await mcp.connections[1]?.callToolResult('a_b', {}))).toBe('dotted')
    expect(text(await mcp.connections[1]?.callToolResult('two_a_b', {}))).toBe('hyphened')
    await mcp.close()
    expect((await ledger()).map(({ tool }) => tool)).toEqual(['a-b', 'a.b', 'find'])
  })

  test('are asked for their tools once per person, not in every turn', async () => {
    await using server = await mcpServer([echo])
    for (let turn = 0; turn < 3; turn += 1) await (await connect(external(server.url))).close()
    const lists = async () =>
      (await Promise.all(server.requests.map((request) => request.headers.get('mcp-method')))).length
    const before = await lists()
    await (await connect(external(server.url))).close()
    expect(await lists()).toBe(before)
    run = { ...run, userId: (await signedIn()).caller.userId }
    await (await connect(external(server.url))).close()
    expect(await lists()).toBeGreaterThan(before)
  })

  test.each(['/mcp', '/mcp/'])('are found at %s, with or without the slash', async (path) => {
    for (const lives of ['/mcp', '/mcp/']) {
      for (const answer of [404, 307, 301]) {
        const handler = mcpHandler([echo])
        const server = await serve(async (request) => {
          if (new URL(request.url).pathname === lives) return handler(request)
          return answer === 404
            ? new Response('', { status: 404 })
            : new Response('', { status: answer, headers: { location: lives } })
        })
        const mcp = await connect(external(server.url + path))
        expect(text(await mcp.call('echo', { lives })), `${path} ${lives} ${answer}`).toContain(lives)
        await mcp.close()
        await server.close()
      }
    }
  })
})

describe('tokens', () => {
  test('our own server gets a run token for its audience', async () => {
    const seen: string[] = []
    const note = {
      name: 'me',
      run: (_: unknown, request: Request) => seen.push(request.headers.get('authorization') ?? '') && 'ok',
    }
    const server: McpServer = { name: 'switchboard', url: 'http://127.0.0.1:3999/mcp', builtin: true }
    const mcp = await openMcp(run, {
      servers: [server],
      builtinFetch: (input, init) => mcpHandler([note])(new Request(input, init)),
    })
    await mcp.connections[0]?.callToolResult('me', {})
    await mcp.close()
    const token = seen[0]?.replace('Bearer ', '') ?? ''
    expect(await findBearerCaller(token, 'http://127.0.0.1:3999/mcp')).toMatchObject({
      userId: caller.userId,
      via: 'run',
      runId: run.id,
    })
    expect(await findBearerCaller(token, 'http://127.0.0.1:3998/mcp')).toBeNull()
  })

  test('another server never gets a run token, not even by a redirect', async () => {
    await using other = await mcpServer([echo])
    await using server = await mcpServer([echo])
    const mcp = await connect(external(server.url))
    await mcp.call('echo')
    await mcp.close()
    const redirecting: McpServer = { name: 'switchboard', url: 'http://127.0.0.1:3999/mcp', builtin: true }
    const away = await serve(async () => new Response('', { status: 307, headers: { location: other.url } }))
    const second = await openMcp(run, { servers: [{ ...redirecting, url: `${away.url}/mcp` }] })
    expect(second.unavailable).toHaveLength(1)
    await second.close()
    const third = await connect(external(`${away.url}/mcp`))
    expect(third.unavailable).toHaveLength(1)
    await third.close()
    await away.close()
    expect(server.requests.length).toBeGreaterThan(0)
    expect(server.requests.filter((request) => request.headers.has('authorization'))).toEqual([])
    expect(other.requests).toEqual([])
  })
})
