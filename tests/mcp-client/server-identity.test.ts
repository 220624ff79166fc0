import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createMcpHandler, McpServer as TestServer } from '@modelcontextprotocol/server'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { IDENTITY_TOKEN_TYPE } from '#lib/auth/tokens/identity-tokens.ts'
import { loadSigningKeys } from '#lib/auth/tokens/signing-keys.ts'
import { findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { listAccounts, saveAccount } from '#lib/data/servers/server-accounts.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { previewIdentity } from '#lib/mcp-client/connection/preview-identity.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { resolveTemplate, UnresolvedTemplate } from '#lib/mcp-client/servers/templates.ts'
import { agentDoor, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'
import { openInTime } from '#tests/support/tool-servers/open-in-time.ts'
import { callingRun, textOf, toolServer } from '#tests/support/tool-servers/tool-servers.ts'

const whoami = {
  name: 'whoami',
  run: (_: unknown, request: Request) =>
    Object.fromEntries([...request.headers].filter(([name]) => /^(x-|authorization)/.test(name))),
}

async function call(server: McpServer, person: Awaited<ReturnType<typeof signedIn>>, tool: string, args = {}) {
  noteAnswer(server.url)
  const mcp = await openMcp(await callingRun(person.caller), { servers: [server] })
  const [connection] = mcp.connections
  const result = await connection?.callToolResult(tool, args)
  const tools = await connection?.listTools()
  await mcp.close()
  return { text: textOf(result), isError: result?.isError, tools, unavailable: mcp.unavailable }
}

describe('templates', () => {
  const facts = {
    user: { id: 'usr_1', email: 'ann@example.com', name: '{{user.role}}', role: 'member', time_zone: null, locale: '' },
  }
  test('insert session values once', () => {
    expect(resolveTemplate('{{user.id}}/{{ user.email }}', facts)).toBe('usr_1/ann@example.com')
    expect(resolveTemplate('{{user.name}}', facts), 'what is in a value is not a template').toBe('{{user.role}}')
  })
  test.each([
    '{{user.time_zone}}',
    '{{user.locale}}',
    '{{user.nme}}',
    '{{}}',
    '{{user.id',
    'user.id}}',
    '{{run.id}}',
    '{{constructor}}',
    '{{__proto__}}',
  ])('%s has no value and fails', (template) =>
    expect(() => resolveTemplate(template, facts)).toThrow(UnresolvedTemplate),
  )
})

describe('a server learns who the person is', () => {
  test('by headers, with values that cannot break out of one', async () => {
    await using server = await mcpServer([whoami])
    const ann = await signedIn({ name: 'Ann\r\nX-Admin: yes Ü' })
    const config = {
      headers: [
        { name: 'X-User-Id', value: '{{user.id}}' },
        { name: 'X-Name', value: '{{user.name}}' },
      ],
    }
    const { text } = await call(toolServer(server.url, config), ann, 'whoami')
    expect(JSON.parse(text)).toEqual({ 'x-user-id': ann.caller.userId, 'x-name': 'Ann%0D%0AX-Admin: yes %C3%9C' })
  })

  test('by _meta in every request, beside its other fields', async () => {
    const seen: unknown[] = []
    await using server = await mcpServer([whoami], async (request) => {
      if (request.method === 'POST') seen.push((await request.clone().json()).params?._meta)
      return undefined
    })
    const ann = await signedIn({ emailVerifiedAt: new Date() })
    await call(toolServer(server.url, { meta: [{ name: 'example.com/user', value: '{{user.email}}' }] }), ann, 'whoami')
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.every((meta) => (meta as Record<string, unknown>)['example.com/user'] === ann.person.email)).toBe(true)
    expect(seen.some((meta) => Boolean((meta as Record<string, unknown>).traceparent))).toBe(true)
  })

  test('by a token that only this server can use, for a minute', async () => {
    await using server = await mcpServer([whoami])
    const ann = await signedIn({ emailVerifiedAt: new Date() })
    // Generating the first key takes longer than a turn waits for a server.
    await loadSigningKeys()
    const { text } = await call(toolServer(server.url, { identity: { kind: 'token' } }), ann, 'whoami')
    const token = String(JSON.parse(text).authorization).replace('Bearer ', '')
    const keys = createLocalJWKSet({
      keys: (await loadSigningKeys()).map(({ kty, n, e, kid, alg }) => ({ kty, n, e, kid, alg })) as never,
    })
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      audience: server.url,
      issuer: 'http://127.0.0.1:3999',
    })
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: IDENTITY_TOKEN_TYPE })
    expect(payload).toMatchObject({ sub: ann.caller.userId, email: ann.person.email })
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60)
    await expect(jwtVerify(token, keys, { audience: 'http://127.0.0.1:3999/mcp' })).rejects.toThrow(/aud/)
  })

  test('by e-mail address only if it was verified', async () => {
    await using server = await mcpServer([whoami])
    const ann = await signedIn()
    const { unavailable } = await call(
      toolServer(server.url, { headers: [{ name: 'X-Mail', value: '{{user.email}}' }] }),
      ann,
      'whoami',
    )
    expect(unavailable).toMatchObject([
      { failureClass: 'denied', sentence: expect.stringContaining('was never verified') },
    ])
    expect(server.requests).toEqual([])
    await loadSigningKeys()
    const { text } = await call(toolServer(server.url, { identity: { kind: 'token' } }), ann, 'whoami')
    expect(text).toContain('Bearer ')
    const [, claims = ''] = String(JSON.parse(text).authorization).split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).not.toHaveProperty('email')
  })

  test('not at all, rather than by a literal template, if a value is missing', async () => {
    await using server = await mcpServer([whoami])
    const ann = await signedIn()
    const { unavailable } = await call(
      toolServer(server.url, { headers: [{ name: 'X-Zone', value: '{{user.time_zone}}' }] }),
      ann,
      'whoami',
    )
    expect(unavailable).toMatchObject([
      { failureClass: 'denied', sentence: expect.stringContaining('{{user.time_zone}} ') },
    ])
    expect(server.requests).toEqual([])
  })
})

describe('bound arguments', () => {
  const DATA: Record<string, string> = {}
  /** A typical server: it trusts the user_id that it is given. */
  const plain = () =>
    serve((request) =>
      createMcpHandler(() => {
        const server = new TestServer({ name: 'plain', version: '1' })
        const inputSchema = z.object({ user_id: z.string(), param: z.string().optional() })
        server.registerTool('my_tool', { description: 'Reads', inputSchema }, async ({ user_id }) => ({
          content: [{ type: 'text', text: DATA[user_id] ?? 'nobody' }],
        }))
        return server
      }).fetch(request),
    )

  test('hide the parameter from the model and override what it sends', async () => {
    const server = await plain()
    const [ann, bob] = [await signedIn(), await signedIn()]
    DATA[ann.caller.userId] = 'of Ann'
    DATA[bob.caller.userId] = 'of Bob'
    const outside = toolServer(`${server.url}/mcp`, { bound: [{ parameter: 'user_id', value: '{{user.id}}' }] })
    const { text, tools } = await call(outside, ann, 'my_tool', { param: 'x', user_id: bob.caller.userId })
    expect(text).toBe('of Ann')
    expect(tools?.[0]?.inputSchema).toMatchObject({ properties: { param: {} }, required: [] })
    expect(JSON.stringify(tools)).not.toContain('user_id')
    expect((await call(outside, bob, 'my_tool')).text).toBe('of Bob')
    const [row] = (await listToolCalls({ caller: ann.caller })).data
    const sent = { param: 'x', user_id: ann.caller.userId }
    expect(await findToolCall({ caller: ann.caller }, row?.id ?? '')).toMatchObject({
      arguments: sent,
      filledIn: ['user_id'],
    })
    await server.close()
  })

  test('are shown in the chat as "you", before and after the call, instead of what the model sent', async () => {
    const server = await plain()
    const [ann, bob] = [await signedIn(), await signedIn()]
    await using model = await openAIServer(
      { calls: [{ name: 'my_tool', arguments: { user_id: bob.caller.userId, param: 'x' } }] },
      { text: 'Read.' },
    )
    const folder = await mkdtemp(path.join(tmpdir(), 'servers-'))
    const file = path.join(folder, 'servers.json')
    const bound = [{ parameter: 'user_id', value: '{{user.id}}' }]
    await writeFile(
      file,
      JSON.stringify({ servers: [{ name: 'plain', url: `${server.url}/mcp`, bound, pinned: false }] }),
    )
    withSettings({
      MCP_SERVERS_FILE: file,
      MCP_BUILTIN: 'off',
      OPENAI_BASE_URL: model.url,
      OPENAI_API: 'responses',
      OPENAI_API_KEY: 'k',
    })
    noteAnswer(`${server.url}/mcp`)
    await (await openInTime(ann.caller)).close()
    const asking = await agentDoor(ann).begin('read it')
    const [card] = widgets(asking.events)
    if (!card) throw new Error('the tool says nothing of harm, so that a card is due')
    expect(JSON.stringify(asking.events)).toContain('{\\"user_id\\":\\"you\\",\\"param\\":\\"x\\"}')
    expect(JSON.stringify(card.widget)).toContain('Your session fills in: user_id.')
    const done = await agentDoor(ann).press(threadOf(asking), card, 'Approve')
    expect(JSON.stringify([asking.events, done.events])).not.toContain(bob.caller.userId)
    const lines = (await agentDoor(ann).read(threadOf(asking))).flatMap((item) =>
      item.type === 'workflow' ? item.workflow.tasks : [],
    )
    expect(lines).toMatchObject([
      { title: 'my_tool', content: expect.stringContaining('{"user_id":"you","param":"x"}') },
    ])
    await server.close()
  })

  test('without a value are not sent, and the ledger says that nothing was sent', async () => {
    const server = await plain()
    const ann = await signedIn()
    const outside = toolServer(`${server.url}/mcp`, { bound: [{ parameter: 'user_id', value: '{{user.locale}}' }] })
    const { text, isError } = await call(outside, ann, 'my_tool', { param: 'x', user_id: 'usr_other' })
    expect(isError).toBe(true)
    expect(text).toMatch(/Nothing was sent to outside.*\(denied\)$/)
    const [row] = (await listToolCalls({ caller: ann.caller })).data
    const found = await findToolCall({ caller: ann.caller }, row?.id ?? '')
    expect(found).toMatchObject({ status: 'failed', failureClass: 'denied', arguments: { param: 'x' }, filledIn: [] })
    await server.close()
  })

  test('are not sent to a tool without the parameter, and neither is the model’s value', async () => {
    await using server = await mcpServer([{ name: 'echo', run: (args) => args }])
    const ann = await signedIn()
    const { text } = await call(
      toolServer(server.url, { bound: [{ parameter: 'user_id', value: '{{user.id}}' }] }),
      ann,
      'echo',
      {
        user_id: 'usr_other',
        a: 1,
      },
    )
    expect(JSON.parse(text)).toEqual({ a: 1 })
  })
})

describe('a person’s own key', () => {
  const config = { identity: { kind: 'key', header: 'X-Api-Key', format: 'key {{key}}' } }

  test('is sent only for its owner, and another person has none', async () => {
    await using server = await mcpServer([whoami])
    const [ann, bob] = [await signedIn(), await signedIn()]
    const outside = toolServer(server.url, config)
    await saveAccount(ann.caller, outside.id ?? '', { kind: 'key', key: 'hunter2' })
    expect(JSON.parse((await call(outside, ann, 'whoami')).text)).toEqual({ 'x-api-key': 'key hunter2' })
    const before = server.requests.length
    const { unavailable } = await call(outside, bob, 'whoami')
    expect(unavailable).toMatchObject([
      { failureClass: 'unauthorised', connect: outside.id, sentence: expect.stringContaining('/settings/connections') },
    ])
    expect(server.requests).toHaveLength(before)
    expect((await listAccounts(bob.caller)).size).toBe(0)
  })

  test('is marked as broken if the server refuses it, and its owner is told where to enter another', async () => {
    await using server = await mcpServer([whoami], () => new Response(null, { status: 401 }))
    const ann = await signedIn()
    const outside = toolServer(server.url, config)
    await saveAccount(ann.caller, outside.id ?? '', { kind: 'key', key: 'old' })
    const { unavailable } = await call(outside, ann, 'whoami')
    expect(unavailable).toMatchObject([{ failureClass: 'unauthorised', connect: outside.id }])
    expect((await listAccounts(ann.caller)).get(outside.id ?? '')?.broken).toBe(true)
  })
})

test('the preview shows what a server would get, without secrets, and does not contact it', async () => {
  await using server = await mcpServer([whoami])
  const ann = await signedIn()
  const config = {
    identity: { kind: 'token' },
    headers: [
      { name: 'X-User-Id', value: '{{user.id}}' },
      { name: 'X-Zone', value: '{{user.time_zone}}' },
    ],
    bound: [{ parameter: 'user_id', value: '{{user.id}}' }],
  }
  const told = await previewIdentity(
    toolServer(server.url, config, { secrets: { headers: { 'X-Api-Key': 'hunter2' } } }),
    ann.caller.userId,
  )
  expect(told).toEqual([
    { where: 'header', name: 'Authorization', value: expect.stringContaining(ann.caller.userId) },
    { where: 'header', name: 'X-User-Id', value: ann.caller.userId },
    { where: 'header', name: 'X-Zone', value: expect.stringContaining('Nothing is sent'), problem: true },
    { where: 'header', name: 'X-Api-Key', value: '(hidden)' },
    { where: 'argument', name: 'user_id', value: ann.caller.userId },
  ])
  expect(server.requests).toEqual([])
  expect((await listToolCalls({ caller: ann.caller })).data).toEqual([])
})
