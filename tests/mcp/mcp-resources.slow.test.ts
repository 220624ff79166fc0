import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { handleMcp } from '#mcp/endpoint.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve(handleMcp)
})
afterAll(() => server.close())

type Answer = { result?: Record<string, never>; error?: { code: number; message: string; data?: unknown } }

async function newPerson(scopes?: string[]) {
  const { caller } = await signedIn()
  const token = await personalToken(caller, scopes)
  const door = mcpCaller(`${server.url}/mcp`, token)
  const connect = async (mode: 'legacy' | { pin: string }) => {
    const client = new Client({ name: 'reader', version: '1' }, { versionNegotiation: { mode } })
    const requestInit = { headers: { authorization: `Bearer ${token}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', server.url), { requestInit }))
    return client
  }
  return { door, connect, ask: (method: string, params?: unknown) => door.send(method, params) as Promise<Answer> }
}

describe.each([{ mode: { pin: '2026-07-28' } }, { mode: 'legacy' as const }])('$mode', ({ mode }) => {
  test('notes are resources: listed in pages, newest first, read by URI, and described by a template', async () => {
    const ann = await newPerson()
    const ids: string[] = []
    for (let count = 0; count < 52; count += 1)
      ids.push(String((await ann.door.get('save_note', { title: `note ${count}`, body: `text ${count}` })).id))
    const client = await ann.connect(mode)
    const first = await client.request({ method: 'resources/list' })
    expect(first.resources).toHaveLength(50)
    expect(first.resources[0]).toMatchObject({
      uri: `note://${ids[51]}`,
      name: 'note 51',
      description: 'text 51',
      mimeType: 'text/markdown',
    })
    const second = await client.request({ method: 'resources/list', params: { cursor: first.nextCursor } })
    expect(second.resources.map((resource) => resource.uri)).toEqual([`note://${ids[1]}`, `note://${ids[0]}`])
    expect(second.nextCursor).toBeUndefined()
    expect((await client.listResourceTemplates()).resourceTemplates).toMatchObject([
      { uriTemplate: 'note://{id}', title: 'Note' },
    ])
    expect((await client.readResource({ uri: `note://${ids[7]}` })).contents).toEqual([
      { uri: `note://${ids[7]}`, mimeType: 'text/markdown', text: 'text 7' },
    ])
    await client.close()
  })

  test('prompts are listed and filled in, with a note as an embedded resource', async () => {
    const ann = await newPerson()
    await ann.door.get('save_note', { title: 'Trip', body: 'Train at 9:12' })
    const client = await ann.connect(mode)
    const { prompts } = await client.listPrompts()
    expect(prompts.map((prompt) => prompt.name)).toEqual(['plan_my_day', 'find_in_notes', 'summarise_note'])
    for (const prompt of prompts) expect(prompt.title && prompt.description, prompt.name).toBeTruthy()
    const textOf = async (name: string, args?: Record<string, string>) => {
      const { messages } = await client.getPrompt({ name, arguments: args })
      return messages
        .map(({ content }) => (content.type === 'text' ? content.text : JSON.stringify(content)))
        .join('\n')
    }
    expect(await textOf('plan_my_day')).toMatch(/this day with me: today\./)
    expect(await textOf('plan_my_day', { day: 'Friday' })).toMatch(/with me: Friday\./)
    expect(await textOf('find_in_notes', { question: 'When does the train go?' })).toMatch(
      /When does the train go\?[\s\S]*search_notes/,
    )
    expect(await textOf('summarise_note', { note: 'Trip' })).toMatch(/"uri":"note:\/\/note_.*Train at 9:12/)
    await client.close()
  })

  test('completion offers note ids and titles, and days', async () => {
    const ann = await newPerson()
    const { id } = await ann.door.get('save_note', { title: '100% wool', body: '' })
    await ann.door.get('save_note', { title: 'Cotton', body: '' })
    const client = await ann.connect(mode)
    const offered = async (
      ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string },
      name: string,
      value: string,
    ) => (await client.complete({ ref, argument: { name, value } })).completion.values
    const template = { type: 'ref/resource', uri: 'note://{id}' } as const
    expect(await offered(template, 'id', 'WOOL')).toEqual([id])
    expect(await offered(template, 'id', String(id).slice(0, 12))).toEqual([id])
    expect(await offered(template, 'id', '')).toHaveLength(2)
    expect(await offered(template, 'id', '0%')).toEqual([id])
    expect(await offered(template, 'id', '_')).toEqual([])
    expect(await offered(template, 'other', '')).toEqual([])
    expect(await offered({ type: 'ref/prompt', name: 'summarise_note' }, 'note', 'co')).toEqual(['Cotton'])
    expect(await offered({ type: 'ref/prompt', name: 'plan_my_day' }, 'day', 'to')).toEqual(['today', 'tomorrow'])
    expect(await offered({ type: 'ref/prompt', name: 'find_in_notes' }, 'question', 'w')).toEqual([])
    await client.close()
  })
})

test('tool, prompt and template lists can be cached privately for five minutes; the list of notes cannot', async () => {
  const client = await (await newPerson()).connect({ pin: '2026-07-28' })
  for (const method of ['tools/list', 'prompts/list', 'resources/templates/list'] as const)
    expect(await client.request({ method })).toMatchObject({ ttlMs: 300_000, cacheScope: 'private' })
  expect(await client.request({ method: 'resources/list' })).toMatchObject({ ttlMs: 0, cacheScope: 'private' })
  await client.close()
})

test('a missing, malformed or foreign resource is refused in the same words', async () => {
  const [ann, bob] = await Promise.all([newPerson(), newPerson()])
  const { id } = await ann.door.get('save_note', { title: 'Secret', body: 'the vault code' })
  const missing = 'note_00000000000000000000000000'
  const read = async (uri: string) => JSON.stringify((await bob.ask('resources/read', { uri })).error)
  expect(await read(`note://${id}`)).toBe((await read(`note://${missing}`)).replaceAll(missing, String(id)))
  expect((await bob.ask('resources/read', { uri: 'note://x' })).error).toMatchObject({
    code: -32_602,
    data: { uri: 'note://x' },
  })
  for (const uri of [
    '',
    'note://',
    'file:///etc/passwd',
    `note://${id}/x`,
    'note://a%27--',
    `note://${'x'.repeat(5_000)}`,
  ])
    expect([uri, (await bob.ask('resources/read', { uri })).error?.code]).toEqual([uri, -32_602])
  const summarise = async (note: string) =>
    (await bob.ask('prompts/get', { name: 'summarise_note', arguments: { note } })).error?.message
  expect(await summarise('Secret')).toBe((await summarise('Nothing'))?.replace('Nothing', 'Secret'))
  expect((await bob.ask('resources/list')).result).toEqual({ resources: [] })
  const ref = { type: 'ref/resource', uri: 'note://{id}' }
  expect((await bob.ask('completion/complete', { ref, argument: { name: 'id', value: String(id) } })).result).toEqual({
    completion: { values: [] },
  })

  expect((await bob.ask('resources/list', { cursor: 'x' })).error).toMatchObject({
    code: -32_602,
    message: expect.stringMatching(/cursor/),
  })
  expect((await bob.ask('prompts/get', { name: 'nope' })).error).toMatchObject({
    code: -32_602,
    message: expect.stringMatching(/prompts\/list/),
  })
  expect((await bob.ask('prompts/get', { name: 'find_in_notes' })).error?.message).toMatch(
    /needs the argument "question"/,
  )
  const long = { name: 'find_in_notes', arguments: { question: 'x'.repeat(1_001) } }
  expect((await bob.ask('prompts/get', long)).error?.message).toMatch(/longer than 1000/)
  const unknown = { ref: { type: 'ref/prompt', name: 'nope' }, argument: { name: 'a', value: '' } }
  expect((await bob.ask('completion/complete', unknown)).error?.code).toBe(-32_602)
})

test('a token without notes:read gets empty lists, and a 403 that asks for the scope when it reads', async () => {
  const { door, ask } = await newPerson(['notes:write'])
  const { id } = await door.get('save_note', { title: 'Mine', body: 'x' })
  expect((await ask('resources/list')).result).toEqual({ resources: [] })
  const ref = { type: 'ref/resource', uri: 'note://{id}' }
  expect((await ask('completion/complete', { ref, argument: { name: 'id', value: '' } })).result).toEqual({
    completion: { values: [] },
  })
  for (const message of [
    { method: 'resources/read', params: { uri: `note://${id}` } },
    { method: 'prompts/get', params: { name: 'summarise_note', arguments: { note: 'Mine' } } },
  ]) {
    const answer = await door.post({ jsonrpc: '2.0', id: 1, ...message })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringMatching(/scope="notes:read/),
    ])
  }
})

test('MCP_BUILTIN=off answers 404 to every method', async () => {
  const { door } = await newPerson()
  withSettings({ MCP_BUILTIN: 'off' })
  const answer = await door.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  expect([answer.status, await answer.json()]).toMatchObject([
    404,
    { error: { message: expect.stringMatching(/switched off/) } },
  ])
  for (const method of ['GET', 'DELETE', 'OPTIONS', 'HEAD'])
    expect((await fetch(`${server.url}/mcp`, { method })).status).toBe(404)
})
