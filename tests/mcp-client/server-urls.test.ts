import dns from 'node:dns'
import { describe, expect, test, vi } from 'vitest'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import { findReach } from '#lib/mcp-client/servers/mcp-servers.ts'
import { networkFetch } from '#lib/mcp-client/wire/network-fetch.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

const publicly = networkFetch('public')
const refusal = (url: string) =>
  publicly(url, { signal: AbortSignal.timeout(3_000) }).then(
    () => 'reached',
    (error) => (error instanceof Refusal ? error.failureClass : `other: ${error.code}`),
  )

test.each([
  'http://127.0.0.1/mcp',
  'http://127.1/mcp',
  'http://2130706433/mcp',
  'http://0x7f000001/mcp',
  'http://0177.0.0.1/mcp',
  'http://0.0.0.0/mcp',
  'http://10.1.2.3/mcp',
  'http://172.16.0.1/mcp',
  'http://192.168.1.1/mcp',
  'http://100.64.0.1/mcp',
  'http://169.254.169.254/latest/meta-data',
  'http://198.18.0.1/mcp',
  'http://224.0.0.1/mcp',
  'http://255.255.255.255/mcp',
  'http://[::1]/mcp',
  'http://[::]/mcp',
  'http://[::ffff:127.0.0.1]/mcp',
  'http://[::ffff:7f00:1]/mcp',
  'http://[64:ff9b::7f00:1]/mcp',
  'http://[2002:7f00:1::]/mcp',
  'http://[fe80::1]/mcp',
  'http://[fd00::1]/mcp',
  'http://[ff02::1]/mcp',
  'http://localhost/mcp',
  'https://localhost/mcp',
  'http://ann:secret@example.com/mcp',
])('%s is refused if only the public internet may be reached', async (url) => {
  expect(await refusal(url)).toBe('denied')
})

test.each(['ftp://example.com/mcp', 'file:///etc/passwd', 'data:text/plain,x'])(
  '%s is not a server address',
  async (url) => {
    expect(await refusal(url)).toBe('denied')
  },
)

describe('the resolved address is checked', () => {
  test('a public name that resolves to this machine is refused, even if only one of its addresses does', async () => {
    await using server = await mcpServer([{ name: 'echo', run: (args) => args }])
    const { port } = new URL(server.url)
    const answers = [
      [{ address: '127.0.0.1', family: 4 }],
      [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ]
    for (const answer of answers) {
      const lookup = vi
        .spyOn(dns, 'lookup')
        .mockImplementation(((_host: string, _options: object, done: (error: null, found: object[]) => void) =>
          done(null, answer)) as never)
      expect(await refusal(`http://tools.example.com:${port}/mcp`)).toBe('denied')
      expect(lookup).toHaveBeenCalled()
      lookup.mockRestore()
    }
    expect(server.requests).toEqual([])
  })

  test('a name is resolved and checked again at every connection', async () => {
    const lookup = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((_host: string, _options: object, done: (error: null, found: object[]) => void) =>
        done(null, [{ address: '10.0.0.1', family: 4 }])) as never)
    await refusal('http://moving.example.com/mcp')
    await refusal('http://moving.example.com/mcp')
    expect(lookup).toHaveBeenCalledTimes(2)
  })
})

test('an operator may name private addresses, an admin only if MCP_ALLOW_PRIVATE is on', () => {
  const server = { name: 'x', url: 'http://127.0.0.1/mcp', builtin: false }
  expect(findReach(server)).toBe('anywhere')
  expect(findReach({ ...server, fromAdmin: true })).toBe('public')
  withSettings({ MCP_ALLOW_PRIVATE: 'on' })
  expect(findReach({ ...server, fromAdmin: true })).toBe('anywhere')
})

test('the connection itself never follows a redirect', async () => {
  const server = await serve(
    async () => new Response(null, { status: 307, headers: { location: 'http://169.254.169.254/' } }),
  )
  const response = await networkFetch('anywhere')(`${server.url}/mcp`)
  expect(response.status).toBe(307)
  await response.body?.cancel()
  await server.close()
})

test('answers are streamed and can be aborted', async () => {
  let open = 0
  const server = await serve(async (request) => {
    if (new URL(request.url).pathname === '/slow')
      return new Response(
        new ReadableStream({
          start: (controller) => {
            open += 1
            controller.enqueue(new TextEncoder().encode('first'))
          },
          cancel: () => {
            open -= 1
          },
        }),
      )
    return new Response(await request.text())
  })
  const fetching = networkFetch('anywhere')
  expect(await (await fetching(`${server.url}/`, { method: 'POST', body: 'hällo' })).text()).toBe('hällo')
  const stop = new AbortController()
  const slow = await fetching(`${server.url}/slow`, { signal: stop.signal })
  const reader = slow.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first')
  stop.abort()
  await expect(reader?.read()).rejects.toThrow()
  await expect.poll(() => open).toBe(0)
  await server.close()
})
