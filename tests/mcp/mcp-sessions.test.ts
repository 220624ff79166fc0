import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { listPersonalTokens, revokePersonalToken } from '#lib/data/people/personal-tokens.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { authenticate } from '#mcp/auth.ts'
import { handleMcp, makeEndpoint } from '#mcp/endpoint.ts'
import { fixture } from '#tests/conformance/fixture/server.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { processStates } from '#tests/support/process-states.ts'
import { serve } from '#tests/support/processes/serve.ts'

const SESSIONS = 'mcp sessions'
const sessions = () => (processStates().get(SESSIONS) ?? new Map()) as Map<string, unknown>
const ASKABLE = { elicitation: {}, sampling: {} }
const talkative = makeEndpoint(fixture, authenticate)

/** The sessions whose clients listen. What a tool asks before is lost, and no client waits for its own GET. */
const listening = new Set<string | null>()

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve(async (request) => {
    const response = await (new URL(request.url).pathname === '/fixture' ? talkative(request) : handleMcp(request))
    if (request.method === 'GET') listening.add(request.headers.get('mcp-session-id'))
    return response
  })
})
afterAll(() => server.close())
afterEach(() => vi.useRealTimers())

async function connect(path: string, token: string) {
  const client = new OldClient({ name: 'askable', version: '3' }, { capabilities: ASKABLE })
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => ({
    action: 'accept',
    content: { username: String(params.message), email: 'a@example.com' },
  }))
  client.setRequestHandler(CreateMessageRequestSchema, async ({ params }) => ({
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: `you said ${JSON.stringify(params.messages[0]?.content)}` },
  }))
  const transport = new OldTransport(new URL(path, server.url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  })
  await client.connect(transport)
  await expect.poll(() => listening.has(transport.sessionId ?? null)).toBe(true)
  return { client, transport }
}

/** One message to `endpoint` in this process. */
function ask(
  endpoint: (request: Request) => Promise<Response>,
  token: string,
  message: unknown,
  sessionId?: string,
  method = 'POST',
) {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...(sessionId && { 'mcp-session-id': sessionId }),
  }
  const body = method === 'POST' ? JSON.stringify(message) : undefined
  return endpoint(new Request('http://127.0.0.1:3999/mcp', { method, headers, body }))
}

const hello = (capabilities: object) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'c', version: '1' } },
})
const WHOAMI = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'whoami', arguments: {} } }

async function begin(token: string, capabilities: object = ASKABLE): Promise<string> {
  const answer = await ask(handleMcp, token, hello(capabilities))
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"protocolVersion":"2025-11-25"')])
  return answer.headers.get('mcp-session-id') ?? ''
}

test('a client that can be asked gets a session, through which a tool asks the person and the model', async () => {
  const { caller } = await signedIn()
  const { client, transport } = await connect('/fixture', await personalToken(caller))
  expect(transport.sessionId).toMatch(/^~[\w-]{32}$/)
  const asked = await client.callTool({ name: 'test_elicitation', arguments: { message: 'ann' } })
  expect(asked.content).toMatchObject([{ text: expect.stringMatching(/action=accept.*"username":"ann"/) }])
  const sampled = await client.callTool({ name: 'test_sampling', arguments: { prompt: 'hi' } })
  expect(sampled.content).toMatchObject([{ text: expect.stringMatching(/you said/) }])
  await transport.terminateSession()
  await client.close()
})

test('our tools work in a session and the ledger names the client; an ended session answers 404, and a new one can begin', async () => {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  const { client, transport } = await connect('/mcp', token)
  expect(await client.callTool({ name: 'whoami', arguments: {} })).toMatchObject({
    structuredContent: { name: 'Ann Example' },
  })
  expect((await listToolCalls({ caller })).data).toMatchObject([
    { clientName: 'askable', clientVersion: '3', status: 'succeeded' },
  ])
  const id = transport.sessionId ?? ''
  await transport.terminateSession()
  await client.close()
  for (const method of ['POST', 'GET', 'DELETE'])
    expect([method, (await ask(handleMcp, token, WHOAMI, id, method)).status]).toEqual([method, 404])
  expect(await begin(token)).not.toBe(id)
})

test('a session does not exist for another token of the same or another person, or on another replica', async () => {
  const [ann, bob] = await Promise.all([signedIn(), signedIn()])
  const [annToken, annOther, bobToken] = await Promise.all([
    personalToken(ann.caller),
    personalToken(ann.caller),
    personalToken(bob.caller),
  ])
  const id = await begin(annToken)
  expect((await ask(handleMcp, annToken, WHOAMI, id)).status).toBe(200)
  for (const [name, token] of Object.entries({ annOther, bobToken }))
    for (const method of ['POST', 'GET', 'DELETE'])
      expect([name, method, (await ask(handleMcp, token, WHOAMI, id, method)).status]).toEqual([name, method, 404])
  expect((await ask(handleMcp, 'swb_wrong', WHOAMI, id)).status).toBe(401)
  const here = sessions()
  processStates().set(SESSIONS, new Map())
  const elsewhere = await ask(handleMcp, annToken, WHOAMI, id)
  expect([elsewhere.status, await elsewhere.json()]).toMatchObject([
    404,
    { error: { message: expect.stringMatching(/initialize/) } },
  ])
  processStates().set(SESSIONS, here)
  expect((await ask(handleMcp, annToken, WHOAMI, id)).status).toBe(200)
})

test.each(['v1', 'v2'] as const)(
  'a client (%s) that reaches another replica gets a 404 and can begin again there',
  async (sdk) => {
    const { caller } = await signedIn()
    const requestInit = { headers: { authorization: `Bearer ${await personalToken(caller)}` } }
    const begin = async () => {
      const url = new URL('/mcp', server.url)
      const [client, transport] =
        sdk === 'v1'
          ? [
              new OldClient({ name: 'askable', version: '3' }, { capabilities: ASKABLE }),
              new OldTransport(url, { requestInit }),
            ]
          : [
              new Client(
                { name: 'askable', version: '3' },
                { capabilities: ASKABLE, versionNegotiation: { mode: 'legacy' } },
              ),
              new StreamableHTTPClientTransport(url, { requestInit }),
            ]
      await (client as OldClient).connect(transport as OldTransport)
      onTestFinished(() => client.close())
      return { client: client as OldClient, id: transport.sessionId }
    }
    const first = await begin()
    expect(first.id).toMatch(/^~/)
    const here = sessions()
    processStates().set(SESSIONS, new Map())
    onTestFinished(() => {
      processStates().set(SESSIONS, here)
    })
    await expect(first.client.callTool({ name: 'whoami', arguments: {} })).rejects.toThrow(
      /Begin again with initialize/,
    )
    const second = await begin()
    expect(second.id).not.toBe(first.id)
    expect(await second.client.callTool({ name: 'whoami', arguments: {} })).toMatchObject({
      structuredContent: { name: 'Ann Example' },
    })
  },
)

test('the open stream of a session ends within 16 s after its token is revoked', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { caller } = await signedIn()
  const [token, other] = [await personalToken(caller, ['tasks:read']), await personalToken(caller)]
  const ended: string[] = []
  for (const [name, held] of Object.entries({ token, other })) {
    const headers = {
      authorization: `Bearer ${held}`,
      accept: 'text/event-stream',
      'mcp-session-id': await begin(held),
    }
    const channel = await handleMcp(new Request('http://127.0.0.1:3999/mcp', { headers }))
    expect(channel.headers.get('content-type')).toBe('text/event-stream')
    void channel.text().then(() => ended.push(name))
  }
  await vi.advanceTimersByTimeAsync(16_000)
  expect(ended).toEqual([])
  const row = (await listPersonalTokens(caller)).data.find(({ scopes }) => scopes.length === 1)
  await revokePersonalToken(caller, row?.id ?? '')
  expect((await ask(handleMcp, token, WHOAMI)).status).toBe(401)
  // A check that the database cannot answer leaves the stream open until the next one.
  await expect
    .poll(
      async () => {
        await vi.advanceTimersByTimeAsync(16_000)
        return ended
      },
      { timeout: 15_000 },
    )
    .toEqual(['token'])
})

test('scopes are checked for each request, not for the session', async () => {
  const { caller } = await signedIn()
  const reader = await personalToken(caller, ['tasks:read'])
  const id = await begin(reader)
  const add = { ...WHOAMI, params: { name: 'add_task', arguments: { title: 'x' } } }
  expect((await ask(handleMcp, reader, add, id)).status).toBe(403)
})

test('clients that cannot be asked get no session, and a broken initialize leaves none', async () => {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  const before = sessions().size
  expect(await begin(token, {})).not.toMatch(/^~/)
  expect(await begin(token, { roots: {} })).not.toMatch(/^~/)
  await ask(handleMcp, token, { ...hello(ASKABLE), jsonrpc: '1.0' })
  await ask(handleMcp, token, { jsonrpc: '2.0', method: 'initialize', params: { capabilities: ASKABLE } })
  expect(sessions().size).toBe(before)
})

test('a person has 20 sessions at most and the process 500; a client beyond that is served without one', async () => {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  const ids: string[] = []
  for (let count = 0; count < 20; count += 1) ids.push(await begin(token))
  expect((await ask(handleMcp, token, WHOAMI, ids[0])).status).toBe(200)
  ids.push(await begin(token))
  const statuses = await Promise.all(ids.map(async (id) => (await ask(handleMcp, token, WHOAMI, id)).status))
  // The first one was used after the second, so the second is evicted.
  expect(statuses).toEqual([200, 404, ...Array(19).fill(200)])

  const full = sessions()
  // As many as the limit, because a session of an earlier test may end meanwhile.
  for (let count = 0; count < 500; count += 1)
    full.set(`filler ${count}`, { userId: 'usr_filler', holder: 'tok_filler' })
  const { caller: late } = await signedIn()
  const lateToken = await personalToken(late)
  const id = await begin(lateToken)
  expect(id).not.toMatch(/^~/)
  expect((await ask(handleMcp, lateToken, WHOAMI, id)).status).toBe(200)
  for (const key of [...full.keys()]) if (key.startsWith('filler')) full.delete(key)
})

test('a session ends half an hour after its last request', async () => {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const later = async (minutes: number) => {
    // Closes the pool, so that no running query times out when the clock moves.
    await closeDb()
    vi.advanceTimersByTime(minutes * 60_000)
  }
  const id = await begin(token)
  await later(29)
  const alive = await ask(handleMcp, token, { jsonrpc: '2.0', id: 2, method: 'tools/list' }, id)
  expect(alive.status).toBe(200)
  await later(29)
  expect((await ask(handleMcp, token, { jsonrpc: '2.0', id: 3, method: 'ping' }, id)).status).toBe(200)
  await later(31)
  expect((await ask(handleMcp, token, WHOAMI, id)).status).toBe(404)
})
