import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { mintRunToken } from '#lib/auth/tokens/run-tokens.ts'
import { createPersonalToken, listPersonalTokens, revokePersonalToken } from '#lib/data/people/personal-tokens.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { parseEnv } from '#lib/platform/env.ts'
import { authenticate } from '#mcp/auth.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { handleMcp, makeEndpoint } from '#mcp/endpoint.ts'
import { createServerOffer } from '#mcp/offers/server-offer.ts'
import { runTool } from '#mcp/run-tool.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

const WHOAMI = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }

let server: Awaited<ReturnType<typeof serve>>
let url: string
beforeAll(async () => {
  server = await serve(handleMcp)
  url = `${server.url}/mcp`
})
afterAll(() => server.close())

test('a request without a token gets a 401 challenge, even with a session cookie', async () => {
  const { headers } = await signedIn()
  const answer = await mcpCaller(url).post(WHOAMI, headers)
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).toBe(
    'Bearer realm="Switchboard", scope="tasks:read tasks:write notes:read notes:write", resource_metadata="http://127.0.0.1:3999/.well-known/oauth-protected-resource/mcp"',
  )
  expect(await answer.json()).toMatchObject({ error_description: expect.stringContaining('Settings') })
})

test('a wrong, revoked, expired or foreign token, or one of a disabled account, gets 401 invalid_token', async () => {
  const ann = await signedIn()
  const gone = await signedIn()
  const revoked = await personalToken(ann.caller)
  const [row] = (await listPersonalTokens(ann.caller)).data
  await revokePersonalToken(ann.caller, row?.id ?? '')
  const wish = { name: 'old', scopes: ['tasks:read'], expiresAt: new Date(Date.now() - 1_000) }
  const disabled = await personalToken(gone.caller)
  await withSystem('admin', (tx) =>
    tx.user.update({ where: { id: gone.caller.userId }, data: { disabledAt: new Date() } }),
  )
  const claims = { userId: ann.caller.userId, runId: 'run_1', threadId: 'thr_1' }
  const tokens = {
    wrong: `swb_${'a'.repeat(43)}`,
    revoked,
    expired: (await createPersonalToken(ann.caller, wish)).token,
    disabled,
    'for another server': await mintRunToken(claims, 'https://tools.example.com/mcp', 60),
    'for our own origin': await mintRunToken(claims, 'http://127.0.0.1:3999', 60),
    'a session': ann.headers.cookie.split('=')[1] ?? '',
    'very long': 'a'.repeat(10_000),
    nonsense: '%%%',
    empty: '',
  }
  for (const [name, token] of Object.entries(tokens)) {
    const answer = await mcpCaller(url).post(WHOAMI, { authorization: `Bearer ${token}` })
    expect([name, answer.status]).toEqual([name, 401])
    expect(answer.headers.get('www-authenticate'), name).toMatch(
      /^Bearer realm="Switchboard", error="invalid_token", error_description="/,
    )
  }
  const signedOut = await mintRunToken(claims, 'http://127.0.0.1:3999/mcp', 60)
  expect((await mcpCaller(url, signedOut).post(WHOAMI)).status).toBe(200)
  await withSystem('admin', (tx) =>
    tx.user.update({ where: { id: ann.caller.userId }, data: { sessionVersion: { increment: 1 } } }),
  )
  expect((await mcpCaller(url, signedOut).post(WHOAMI)).status, 'signed out everywhere').toBe(401)
})

test('a token without the scope gets a 403 that names it; nothing runs and nothing is recorded', async () => {
  const { caller } = await signedIn()
  const door = mcpCaller(url, await personalToken(caller, ['tasks:read']))
  for (const message of [
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'add_task', arguments: { title: 'x' } } },
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'delete_task', arguments: { number: 1 } } },
  ]) {
    const answer = await door.post(message)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    expect(answer.headers.get('www-authenticate')).toContain('scope="tasks:read tasks:write"')
  }
  expect((await listToolCalls({ caller })).data).toEqual([])
  expect(await door.get('list_tasks')).toEqual({ tasks: [] })
  expect(await door.get('whoami')).toBeTruthy()
})

test('other hosts and origins are refused even with a valid token', async () => {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  const ask = (headers: Record<string, string>, method = 'POST') =>
    handleMcp(
      new Request('http://127.0.0.1:3999/mcp', {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(method === 'POST' && { body: JSON.stringify(WHOAMI) }),
      }),
    )
  for (const headers of [
    {},
    { host: '127.0.0.1:3999' },
    { host: 'localhost' },
    { origin: 'http://127.0.0.1:3999' },
    { origin: 'http://localhost:6274' },
  ])
    expect([headers, (await ask(headers as never)).status]).toEqual([headers, 200])
  for (const headers of [
    { host: 'evil.example' },
    { host: 'evil.example:3999' },
    { host: '127.0.0.1.evil.example' },
    { host: '@' },
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1.evil.example' },
    { origin: 'null' },
    // No proxy is trusted, so a forwarded host is not believed.
    { host: 'evil.example', 'x-forwarded-host': '127.0.0.1' },
  ]) {
    for (const method of ['POST', 'OPTIONS']) {
      const answer = await ask(headers as never, method)
      expect([headers, answer.status]).toEqual([headers, 403])
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
  }
})

test('pages of the origins in MCP_ALLOWED_ORIGINS may call and read the answer; similar origins may not', async () => {
  const { caller } = await signedIn()
  const door = mcpCaller(url, await personalToken(caller))
  const from = (origin: string) => door.post(WHOAMI, { origin })
  expect((await from('https://app.example.com')).status).toBe(403)
  withSettings({ MCP_ALLOWED_ORIGINS: 'https://app.example.com, http://lab.example:8080' })
  for (const origin of ['https://app.example.com', 'http://lab.example:8080', 'http://localhost:6274']) {
    const answer = await from(origin)
    expect([origin, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([origin, 200, origin])
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    const asked = await fetch(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, origin])
  }
  for (const origin of [
    'http://app.example.com',
    'https://app.example.com:444',
    'https://x.app.example.com',
    'http://lab.example',
    'null',
  ])
    expect([origin, (await from(origin)).status]).toEqual([origin, 403])
  for (const wrong of ['*', 'app.example.com', 'https://app.example.com/mcp', 'null'])
    expect(() => parseEnv({ ...process.env, MCP_ALLOWED_ORIGINS: wrong }), wrong).toThrow(
      /MCP_ALLOWED_ORIGINS must be origins/,
    )
})

test('malformed messages get the right error code, and nothing is recorded', async () => {
  const { caller } = await signedIn()
  const { post } = mcpCaller(url, await personalToken(caller))
  const call = (params: unknown) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const hello = (params: object) => ({
    ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' }, ...params },
  })
  const cases: [string, unknown, number, number][] = [
    ['no JSON', '{"jsonrpc": "2.0",', 400, -32_700],
    ['nothing', '', 400, -32_700],
    ['null', 'null', 400, -32_600],
    ['a number', '7', 400, -32_600],
    ['a batch', [WHOAMI, WHOAMI], 400, -32_600],
    ['an empty batch', [], 400, -32_600],
    ['no JSON-RPC', { hello: 'world' }, 400, -32_600],
    ['the wrong version', { ...WHOAMI, jsonrpc: '1.0' }, 400, -32_600],
    ['an id of null', { ...WHOAMI, id: null }, 400, -32_600],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400, -32_600],
    [
      'deep arguments',
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}}`,
      400,
      -32_600,
    ],
    ['an unknown method', { jsonrpc: '2.0', id: 1, method: 'tools/destroy' }, 200, -32_601],
    ['an unknown tool', call({ name: 'drop_tables', arguments: {} }), 200, -32_602],
    ['a tool named like a property', call({ name: 'constructor', arguments: {} }), 200, -32_602],
    ['no tool name', call({ arguments: {} }), 200, -32_602],
    ['a number as the name', call({ name: 7 }), 200, -32_602],
    ['an object as the name that is no text either', call({ name: { toString: 1, valueOf: 1 } }), 200, -32_602],
    ['arguments that are text', call({ name: 'whoami', arguments: 'all' }), 200, -32_602],
    ['arguments that are a list', call({ name: 'whoami', arguments: [] }), 200, -32_602],
    ['no params', call(undefined), 200, -32_602],
    ['a task that is a number', call({ name: 'whoami', task: 7 }), 200, -32_602],
    ['no protocol version', { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }, 200, -32_602],
    ['no params at all', { jsonrpc: '2.0', id: 1, method: 'initialize' }, 200, -32_602],
    ['odd capabilities', hello({ capabilities: { elicitation: 7 } }), 200, -32_602],
    ['no client, but capabilities', hello({ capabilities: { elicitation: {} }, clientInfo: undefined }), 200, -32_602],
    ['a cursor that is a number', { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: 7 } }, 200, -32_602],
    ['no address', { jsonrpc: '2.0', id: 1, method: 'resources/read', params: {} }, 200, -32_602],
    [
      'nothing to complete',
      { jsonrpc: '2.0', id: 1, method: 'completion/complete', params: { ref: { type: 'x' } } },
      200,
      -32_602,
    ],
  ]
  for (const [name, message, status, code] of cases) {
    const answer = await post(message)
    const text = await answer.text()
    expect([name, answer.status, JSON.parse(text).error?.code], text).toEqual([name, status, code])
    expect(text, name).not.toMatch(/\bat .*:\d+|\/work|node_modules|SELECT|prisma|invalid_type|\\n/i)
  }
  const unversioned = await post(hello({ protocolVersion: undefined }))
  expect((await unversioned.json()).error.message).toBe(
    'Wrong params for initialize. protocolVersion: expected string, received undefined.',
  )
  expect((await listToolCalls({ caller })).data).toEqual([])
})

test('a body that is too large or has the wrong type is refused', async () => {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  const { post, get } = mcpCaller(url, token)
  const large = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'save_note', arguments: { body: 'x'.repeat(1_100_000) } },
  }
  expect((await post(large)).status).toBe(413)
  const stream = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })
  const endless = handleMcp(
    new Request(url, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    } as RequestInit),
  )
  expect((await endless).status).toBe(413)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])
    expect((await post(WHOAMI, { 'content-type': type })).status).toBe(415)
  expect(await get('save_note', { title: 'largest', body: '\u0001'.repeat(100_000) })).toMatchObject({
    title: 'largest',
  })
})

test('wrong arguments return an error that a model can correct', async () => {
  const { caller } = await signedIn()
  const { fail } = mcpCaller(url, await personalToken(caller))
  expect(await fail('add_task')).toMatch(/^Wrong arguments for add_task\. title: /)
  expect(await fail('add_task', { title: 7 })).toMatch(/title: .*expected string/)
  expect(await fail('add_task', { title: ' \n ' })).toMatch(/title: Too small/)
  expect(await fail('add_task', { title: 'x'.repeat(501) })).toMatch(/title: Too big.*500/)
  expect(await fail('add_task', { title: 'x', due: 'tomorrow' })).toMatch(/"tomorrow" is no date.*2026-11-27/)
  expect(await fail('add_task', { title: 'x', due: '2026-02-30' })).toMatch(/is no date/)
  expect(await fail('complete_task', { number: '1; DROP TABLE tasks' })).toMatch(/number: /)
  expect(await fail('complete_task', { number: 1e12 })).toMatch(/number: /)
  expect(await fail('list_tasks', { limit: 1_000 })).toMatch(/limit: .*100/)
  expect(await fail('list_tasks', { cursor: 'zzz' })).toMatch(/cursor.*first page/)
  expect(await fail('search_notes', { cursor: '-1' })).toMatch(/cursor.*first page/)
  expect(await fail('update_task', { number: 1 })).toMatch(/^Nothing to change/)
  expect(await fail('save_note', {})).toMatch(/^Nothing to save/)
})

const fields = { input: z.object({}), output: z.object({ ok: z.string() }), title: 'T', description: 'D', scope: null }
const broken = [
  defineTool({
    ...fields,
    name: 'leaks',
    access: 'read',
    run: async () => {
      throw new Error('SELECT * FROM users at /srv/app/lib/db.ts:7 password=hunter2')
    },
  }),
  defineTool({ ...fields, name: 'wrong_answer', access: 'read', run: async () => ({ ok: 7 as unknown as string }) }),
  defineTool({ ...fields, name: 'extra_answer', access: 'read', run: async () => ({ ok: 'yes', secret: 'hunter2' }) }),
  defineTool({ ...fields, name: 'hangs', access: 'write', run: () => new Promise<{ ok: string }>(() => {}) }),
]

test('an error in a tool reveals no internals, and output outside its schema is not sent', async () => {
  const { caller } = await signedIn()
  const endpoint = await serve(makeEndpoint(createServerOffer(broken), authenticate))
  try {
    const { fail, get, post } = mcpCaller(endpoint.url, await personalToken(caller), {
      'x-request-id': 'the-request-1',
    })
    for (const name of ['leaks', 'wrong_answer'])
      expect(await fail(name)).toMatch(/^Something went wrong on our side\..* Request id: the-request-1$/)
    expect(await get('extra_answer')).toEqual({ ok: 'yes' })
    expect(await (await post({ ...WHOAMI, params: { name: 'leaks' } })).text()).not.toMatch(/hunter2|SELECT|db\.ts/)
    const { data } = await listToolCalls({ caller }, { tool: 'leaks' })
    expect(data[0]).toMatchObject({ status: 'failed', failureClass: 'tool_error', requestId: 'the-request-1' })
    expect(data[0]?.errorMessage).not.toMatch(/hunter2|SELECT/)
  } finally {
    await endpoint.close()
  }
})

const unasked = { signal: new AbortController().signal, report: async () => {} }

test('a tool that hangs is abandoned, and its outcome is recorded as unknown', async () => {
  const { caller } = await signedIn()
  const token = { userId: caller.userId, role: caller.role, via: 'token' as const, tokenId: 'tok_1', scopes: [] }
  const [tool] = broken.slice(-1)
  if (!tool) throw new Error('no tool')
  const result = await runTool({ tool, args: {}, caller: token, client: {}, ...unasked }, 30)
  expect(result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/longer than 0\.03 s\. It may have taken effect/) }],
  })
  expect((await listToolCalls({ caller })).data).toMatchObject([{ status: 'unknown', failureClass: 'hard_timeout' }])
})

test('a call that cannot be written to the ledger is not made', async () => {
  let ran = false
  const run = async () => {
    ran = true
    return { ok: 'yes' }
  }
  const tool = defineTool({ ...fields, name: 'writes', access: 'write', run })
  const nobody = { userId: 'usr_nobody', role: 'member' as const, via: 'token' as const, tokenId: 'tok_1', scopes: [] }
  expect(await runTool({ tool, args: {}, caller: nobody, client: {}, ...unasked })).toMatchObject({ isError: true })
  expect(ran).toBe(false)
})

test('an unreachable database is a 503 with a sentence and without its address', async () => {
  const away = async () => {
    throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' })
  }
  const endpoint = await serve(makeEndpoint(createServerOffer([]), away))
  try {
    const answer = await mcpCaller(endpoint.url).post(WHOAMI)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await answer.json()).toMatchObject({
      error: { code: -32_603, message: expect.stringMatching(/^The database cannot be reached/) },
    })
  } finally {
    await endpoint.close()
  }
})
