import { describe, expect, test } from 'vitest'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { serve } from '#tests/support/processes/serve.ts'
import {
  blackHole,
  type Fault,
  faultServer,
  refusingUrl,
  untrustedTls,
} from '#tests/support/tool-servers/fault-server.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

const at = (url: string): McpServer => ({ name: 'examined', url, builtin: false })
const echo = { name: 'echo', run: (args: unknown) => args }

async function diagnosis(url: string) {
  const { steps, ...rest } = await examine(at(url), { stepMs: 700 })
  return { ...rest, steps, found: steps.find(({ outcome }) => outcome === 'failed') }
}

describe('a healthy server', () => {
  test('is examined from DNS to the tools, each step with its time', async () => {
    await using server = await mcpServer([echo])
    const { steps, healthy, spoken } = await examine(at(server.url), { call: { tool: 'echo', args: { a: 1 } } })
    expect(steps.map(({ name, outcome }) => `${name}: ${outcome}`)).toEqual([
      'Address: ok',
      'DNS: ok',
      'TCP: ok',
      'TLS: ok',
      'Endpoint: ok',
      'Connect: ok',
      'Tools: ok',
      'Older clients: ok',
      'Call echo: ok',
    ])
    expect(steps.every(({ ms }) => ms >= 0 && ms < 10_000)).toBe(true)
    expect(healthy).toBe(true)
    expect(spoken).toMatchObject({ revision: '2026-07-28', tools: [{ name: 'echo' }] })
    expect(server.calls).toEqual([{ tool: 'echo', args: { a: 1 } }])
  })

  test('gets the advice to add the slash to its address', async () => {
    for (const status of [404, 307]) {
      await using lives = await mcpServer([echo])
      const server = await serve((request) =>
        new URL(request.url).pathname === '/mcp/'
          ? fetch(lives.url, {
              method: request.method,
              headers: request.headers,
              body: request.body,
              duplex: 'half',
            } as RequestInit)
          : Promise.resolve(new Response(null, { status, headers: status === 307 ? { location: '/mcp/' } : {} })),
      )
      const { steps, found, healthy, spoken } = await diagnosis(`${server.url}/mcp`)
      expect(steps.find(({ outcome }) => outcome === 'warning')).toMatchObject({
        ...{ name: 'Endpoint', fault: 'slash', fix: `Write ${server.url}/mcp/` },
      })
      expect([found, healthy]).toEqual([undefined, true])
      expect(spoken?.tools).toHaveLength(1)
      await server.close()
    }
  })
})

describe('each fault is reported at its step, with a fix', () => {
  test.each<[string, string, string]>([
    ['an address without a scheme', 'tools.example.com', 'Address: bad_address'],
    ['another scheme', 'ftp://tools.example.com', 'Address: bad_address'],
    ['an address with a password', 'http://ann:pass@127.0.0.1/mcp', 'Address: bad_address'],
    ['an unknown name', 'http://no-such-host.invalid/mcp', 'DNS: dns'],
  ])('%s', async (_, url, expected) => {
    const { found, healthy } = await diagnosis(url)
    expect(`${found?.name}: ${found?.fault}`).toBe(expected)
    expect(found?.fix).toBeTruthy()
    expect(healthy).toBe(false)
  })

  test('a port on which nothing listens', async () => {
    expect((await diagnosis(await refusingUrl())).found).toMatchObject({ name: 'TCP', fault: 'refused' })
  })

  test('a server that does not answer', async () => {
    await using hole = await blackHole()
    expect((await diagnosis(hole.url)).found).toMatchObject({ name: 'Endpoint', fault: 'connect_timeout' })
  })

  test('a self-signed certificate', async () => {
    await using server = await untrustedTls()
    expect((await diagnosis(server.url)).found).toMatchObject({
      name: 'TLS',
      fault: 'tls',
      said: expect.stringContaining('SELF_SIGNED'),
    })
  })

  test.each<[string, Fault, string]>([
    ['403', { kind: 'status', status: 403 }, 'Endpoint: forbidden'],
    ['404', { kind: 'status', status: 404 }, 'Endpoint: not_found'],
    ['405', { kind: 'status', status: 405 }, 'Endpoint: wrong_method'],
    ['413', { kind: 'status', status: 413 }, 'Endpoint: too_large'],
    ['429', { kind: 'status', status: 429 }, 'Endpoint: overloaded'],
    ['429 while listing tools', { kind: 'status', status: 429, stage: 'tools/list' }, 'Tools: overloaded'],
    ['500', { kind: 'status', status: 500 }, 'Endpoint: server_error'],
    ['401 without a hint where to sign in', { kind: 'status', status: 401 }, 'Resource metadata: no_auth_metadata'],
    ['an HTML page', { kind: 'wrong-type' }, 'Endpoint: wrong_type'],
    ['half an object', { kind: 'malformed' }, 'Endpoint: protocol_error'],
    ['a redirect elsewhere', { kind: 'redirect', to: 'https://elsewhere.example.com/mcp' }, 'Endpoint: redirect'],
    ['a connection that breaks', { kind: 'cut' }, 'Endpoint: transport_lost'],
    ['silence at the handshake', { kind: 'hang', stage: 'connect' }, 'Endpoint: connect_timeout'],
    ['silence while listing tools', { kind: 'hang', stage: 'tools/list' }, 'Tools: connect_timeout'],
    ['half an object for a list', { kind: 'malformed', stage: 'tools/list' }, 'Tools: protocol_error'],
    ['403 while listing tools', { kind: 'status', status: 403, stage: 'tools/list' }, 'Tools: forbidden'],
  ])('%s', async (_, fault, expected) => {
    await using server = await faultServer([echo], fault)
    const { found } = await diagnosis(server.url)
    expect(`${found?.name}: ${found?.fault}`).toBe(expected)
    expect(found?.fix).toBeTruthy()
  })

  test.each<[string, Fault, string]>([
    ['a session that the server forgets', { kind: 'status', status: 404, stage: 'tools/list' }, 'Tools: session_lost'],
    ['502 while listing tools', { kind: 'status', status: 502, stage: 'tools/list' }, 'Tools: server_error'],
    ['a tool that does not answer', { kind: 'hang', stage: 'tools/call' }, 'Call echo: hard_timeout'],
    [
      'a connection that breaks during a call',
      { kind: 'cut', stage: 'tools/call', commits: true },
      'Call echo: transport_lost',
    ],
    ['502 during a call', { kind: 'status', status: 502, stage: 'tools/call' }, 'Call echo: outcome_unknown'],
    ['half an object for an answer', { kind: 'malformed', stage: 'tools/call' }, 'Call echo: protocol_error'],
  ])('%s', async (_, fault, expected) => {
    await using server = await faultServer([echo], fault)
    const { steps } = await examine(at(server.url), { stepMs: 2_000, call: { tool: 'echo', args: {} } })
    const found = steps.find(({ outcome }) => outcome === 'failed')
    expect(`${found?.name}: ${found?.fault}`).toBe(expected)
    expect(found?.fix).toBeTruthy()
  })

  test('the HTTP+SSE transport of 2024', async () => {
    const server = await serve(async (request) =>
      request.method === 'GET'
        ? new Response('event: endpoint\ndata: /messages\n\n', { headers: { 'content-type': 'text/event-stream' } })
        : new Response(null, { status: 405 }),
    )
    expect((await diagnosis(`${server.url}/sse`)).found).toMatchObject({ name: 'Endpoint', fault: 'old_transport' })
    await server.close()
  })

  test('no tools', async () => {
    await using server = await mcpServer([])
    expect((await diagnosis(server.url)).found).toMatchObject({ name: 'Tools', fault: 'no_tools' })
  })
})

test('an address from an admin is examined only on the public internet', async () => {
  await using server = await mcpServer([echo])
  const { steps } = await examine({ ...at(server.url), fromAdmin: true })
  expect(steps.at(-1)).toMatchObject({ name: 'DNS', outcome: 'failed', fault: 'denied' })
  expect(server.requests).toEqual([])
})
