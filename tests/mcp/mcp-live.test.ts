import { once } from 'node:events'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { authenticate } from '#mcp/auth.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { makeEndpoint } from '#mcp/endpoint.ts'
import { createServerOffer } from '#mcp/offers/server-offer.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

const events = new EventTarget()
const about = { title: 'T', description: 'D', scope: null, input: z.object({}), output: z.object({ ok: z.boolean() }) }
const tools = [
  defineTool({
    ...about,
    name: 'counts',
    access: 'read',
    run: async (_input, { report }) => {
      for (const step of [1, 2, 3]) await report(step, 3, `step ${step}`)
      return { ok: true }
    },
  }),
  defineTool({
    ...about,
    name: 'waits',
    access: 'write',
    run: async (_input, { signal }) => {
      events.dispatchEvent(new Event('waiting'))
      await once(signal, 'abort')
      throw signal.reason
    },
  }),
  defineTool({
    ...about,
    name: 'does_not_stop',
    access: 'write',
    run: async (_input, { signal }) => {
      events.dispatchEvent(new Event('waiting'))
      await once(signal, 'abort')
      events.dispatchEvent(new Event('aborted'))
      return { ok: true }
    },
  }),
]

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve(makeEndpoint(createServerOffer(tools), authenticate))
})
afterAll(() => server.close())

async function connect(mode: 'legacy' | { pin: string }) {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  const client = new Client({ name: 'c', version: '1' }, { versionNegotiation: { mode } })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit }))
  return { caller, client, token }
}

test.each([{ mode: { pin: '2026-07-28' } }, { mode: 'legacy' as const }])(
  'progress streams only to a client that asks for it: $mode',
  async ({ mode }) => {
    const { client, token } = await connect(mode)
    const seen: unknown[] = []
    const answer = await client.callTool(
      { name: 'counts', arguments: {} },
      { onprogress: (progress) => seen.push(progress) },
    )
    expect(answer.structuredContent).toEqual({ ok: true })
    expect(seen).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })))
    const { post } = mcpCaller(server.url, token)
    const call = (meta: object) =>
      post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'counts', arguments: {}, ...meta } })
    expect((await call({})).headers.get('content-type')).toBe('application/json')
    expect((await call({ _meta: { progressToken: 'p' } })).headers.get('content-type')).toMatch(/^text\/event-stream/)
    await client.close()
  },
)

async function settled(caller: Parameters<typeof listToolCalls>[0]) {
  await expect.poll(async () => (await listToolCalls(caller)).data[0]?.status ?? 'pending').not.toBe('pending')
  return (await listToolCalls(caller)).data
}

const CALLS = [
  ['waits', { status: 'cancelled', failureClass: 'cancelled' }],
  ['does_not_stop', { status: 'succeeded', failureClass: null }],
] as const

test('an older client that disconnects cancels its call, and the ledger has the outcome', async () => {
  for (const [name, outcome] of CALLS) {
    const { caller } = await signedIn()
    const gone = new AbortController()
    const waiting = once(events, 'waiting')
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await personalToken(caller)}` }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } })
    const call = fetch(server.url, { method: 'POST', headers, body, signal: gone.signal })
    const refused = expect(call).rejects.toThrow()
    await waiting
    gone.abort()
    await refused
    expect(await settled({ caller })).toMatchObject([{ tool: name, ...outcome }])
  }
})

test('a client that cancels: the tool is notified, and the ledger has the outcome', async () => {
  for (const [name, outcome] of CALLS) {
    const { caller, client } = await connect({ pin: '2026-07-28' })
    const cancel = new AbortController()
    const waiting = once(events, 'waiting')
    const call = client.callTool({ name, arguments: {} }, { signal: cancel.signal })
    const refused = expect(call).rejects.toThrow()
    await waiting
    cancel.abort()
    await refused
    expect(await settled({ caller })).toMatchObject([{ tool: name, ...outcome }])
    await client.close()
  }
})
