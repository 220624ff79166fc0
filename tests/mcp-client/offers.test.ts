import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { POST as complete } from '#app/api/me/complete/route.ts'
import { GET as listPrompts, POST as postPrompt } from '#app/api/me/prompts/route.ts'
import { POST as fillTemplate, GET as search } from '#app/api/me/resources/route.ts'
import { createNote } from '#lib/data/notebook/notes.ts'
import { readResource } from '#lib/mcp-client/offers/read-resource.ts'
import { findRetryTime } from '#lib/mcp-client/servers/health.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { refusingUrl } from '#tests/support/tool-servers/fault-server.ts'
import { type Answers, FRIENDLY, type OfferServer, offerServer } from '#tests/support/tool-servers/offer-server.ts'

// Prompts and resources of servers, as the chat asks for them.

let ann: { caller: SessionCaller; headers: { cookie: string } }
beforeEach(async () => {
  ann = (await signedIn()) as typeof ann
})

/** Makes this the only server besides our own, and returns its name. */
function use(server: OfferServer, more: Record<string, string> = {}): string {
  withSettings({ MCP_SERVER_URL: server.url, ...more })
  return new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_')
}

async function get(handler: typeof search, query = '', headers: Record<string, string> = ann.headers) {
  const response = await handler(new Request(`http://127.0.0.1:3999/api/me/x${query}`, { headers }))
  return { status: response.status, ...(await response.json()) }
}

async function post(handler: typeof complete, body: object, headers: Record<string, string> = ann.headers) {
  const sent = { ...headers, origin: 'http://127.0.0.1:3999', 'content-type': 'application/json' }
  const request = { method: 'POST', headers: sent, body: JSON.stringify(body) }
  const response = await handler(new Request('http://127.0.0.1:3999/api/me/x', request))
  return { status: response.status, ...(await response.json()) }
}

const namesIn = (list: { name: string }[]) => list.map(({ name }) => name)

test('a person gets the prompts and templates of every server, ours among them; a visitor gets a 401', async () => {
  await using server = await offerServer(FRIENDLY)
  const name = use(server)
  const { prompts, templates, unavailable } = await get(listPrompts)
  expect(prompts.filter((prompt: { server: string }) => prompt.server === name)).toEqual([
    {
      server: name,
      name: 'review',
      title: 'Review a file',
      description: 'Looks for faults.',
      arguments: [
        { name: 'file', required: true, description: 'Which file.' },
        { name: 'depth', required: false },
      ],
    },
  ])
  expect(namesIn(prompts)).toContain('summarise_note')
  expect(namesIn(templates)).toEqual(expect.arrayContaining(['Ticket', 'Note']))
  expect(unavailable).toEqual([])
  for (const handler of [listPrompts, search]) expect((await get(handler, '', {})).status).toBe(401)
  for (const handler of [postPrompt, complete, fillTemplate]) expect((await post(handler, {}, {})).status).toBe(401)
})

test('a prompt comes whole, with its arguments; the words of the assistant are quoted', async () => {
  await using server = await offerServer(FRIENDLY)
  const name = use(server)
  const answer = await post(postPrompt, { server: name, prompt: 'review', arguments: { file: 'a.ts' } })
  expect(answer.text).toBe(
    'Review a.ts for faults.\n\n> The assistant, in the words of the prompt:\n> I will be brief.\n> And kind.',
  )
  expect(server.asked.at(-1)).toMatchObject({ params: { name: 'review', arguments: { file: 'a.ts' } } })
})

test('our own prompts go the same way, and embedded resources are quoted', async () => {
  withSettings({})
  await createNote(ann.caller, { title: 'Doors', body: 'Front: 4711' })
  const answer = await post(postPrompt, {
    server: 'switchboard',
    prompt: 'summarise_note',
    arguments: { note: 'Doors' },
  })
  expect(answer.text).toMatch(/^> Resource note:\/\/\S+:\n> Front: 4711\n\nSummarise this note/)
  const missing = await post(postPrompt, { server: 'switchboard', prompt: 'summarise_note', arguments: { note: 'No' } })
  expect(missing).toMatchObject({ status: 503, message: expect.stringContaining('No note has the title') })
  expect(namesIn((await get(search, '?search=door')).resources)).toEqual(['Doors'])
})

test('a prompt of a note says where the note’s content comes from', async () => {
  withSettings({})
  await createNote(ann.caller, { title: 'Doors', body: 'Front: 4711', sources: ['the shop'] })
  const asked = { server: 'switchboard', prompt: 'summarise_note', arguments: { note: 'Doors' } }
  expect((await post(postPrompt, asked)).sources).toEqual(['the shop'])
  await using server = await offerServer({
    ...FRIENDLY,
    'prompts/get': () => ({
      messages: [{ role: 'user', content: { type: 'text', text: 'Hi' } }],
      _meta: { 'switchboard/sources': ['a lie'] },
    }),
  })
  const name = use(server)
  expect((await post(postPrompt, { server: name, prompt: 'review' })).sources, 'nobody else is believed').toEqual([])
})

test('a server that needs the person’s account says so, with the way to connect it', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-offers-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'servers.json')
  const drive = { name: 'drive', url: 'http://127.0.0.1:9/mcp', identity: { kind: 'key', header: 'x-key' } }
  await writeFile(file, JSON.stringify({ servers: [drive] }))
  withSettings({ MCP_SERVERS_FILE: file })
  const missing = {
    ...{ server: 'drive', sentence: 'drive works with your own account there.' },
    connect: { id: 'settings:drive', way: 'key' },
  }
  expect((await get(listPrompts)).unavailable).toEqual([missing])
  expect((await get(search)).unavailable).toEqual([missing])
})

test('a server that is down is named without being asked, and that does not prolong its pause', async () => {
  const url = await refusingUrl()
  withSettings({ MCP_SERVER_URL: url, MCP_BUILTIN: 'off' })
  for (let count = 0; count < 3; count += 1) await get(listPrompts)
  const until = findRetryTime(url)
  expect(until).toBeDefined()
  for (let count = 0; count < 3; count += 1) {
    const { unavailable } = await get(listPrompts)
    expect(unavailable[0].sentence.match(/It is asked again/g)).toHaveLength(1)
  }
  expect(findRetryTime(url)).toEqual(until)
})

test('resources are found by words of their names, and templates by their name and a value', async () => {
  await using server = await offerServer(FRIENDLY)
  use(server, { MCP_BUILTIN: 'off' })
  const found = async (words: string) =>
    (await get(search, `?search=${encodeURIComponent(words)}`)).resources.map(({ uri }: { uri: string }) => uri)
  expect(await found('')).toEqual(['doc://budget', 'doc://plan'])
  expect(await found('2027 budg')).toEqual(['doc://budget'])
  expect(await found('spend')).toEqual(['doc://budget'])
  expect(await found('ticket 10')).toEqual(['ticket://101', 'ticket://102'])
  // The server suggests nothing for it, so the value is taken as it was typed.
  expect(await found('ticket 7 up')).toEqual(['ticket://7%20up'])
  expect(await found('nothing like it')).toEqual([])
  expect(server.asked.filter(({ method }) => method === 'resources/list')).toHaveLength(1)
})

test('a server completes arguments and parameters', async () => {
  await using server = await offerServer(FRIENDLY)
  const name = use(server)
  const asked = { server: name, of: { prompt: 'review' }, argument: 'file', value: 'a', known: { depth: '2' } }
  expect((await post(complete, asked)).values).toEqual(['alpha.ts'])
  expect(server.asked.at(-1)?.params).toMatchObject({ context: { arguments: { depth: '2' } } })
  expect(await post(fillTemplate, { template: 'ticket://{number}', values: { number: '7' } })).toMatchObject({
    uri: 'ticket://7',
  })
})

test('lists are remembered for each person alone, for as long as the server says', async () => {
  await using server = await offerServer({
    ...FRIENDLY,
    'resources/list': () => ({ resources: [{ uri: 'doc://mine', name: 'Mine' }], ttlMs: 20_000 }),
  })
  use(server, { MCP_BUILTIN: 'off' })
  const lists = () => server.asked.filter(({ method }) => method === 'resources/list').length
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  await get(search)
  await get(search)
  expect(lists()).toBe(1)
  await get(search, '', (await signedIn()).headers)
  expect(lists()).toBe(2)
  vi.advanceTimersByTime(20_001)
  await get(search)
  expect(lists()).toBe(3)
})

test.each(['prompts', 'resources'])(
  'a list is asked again after the server announced that its %s changed',
  async (kind) => {
    const capability = { [kind]: { listChanged: true } }
    await using server = await offerServer(FRIENDLY, { prompts: {}, resources: {}, ...capability })
    use(server, { MCP_BUILTIN: 'off' })
    const lists = () => server.asked.filter(({ method }) => method === 'resources/list').length
    await get(search)
    expect(lists()).toBe(1)
    // Again and again, because it is not known when the client begins to listen.
    const announced = async () => {
      server.announce(`notifications/${kind}/list_changed`)
      await get(search)
      return lists()
    }
    await expect.poll(announced).toBe(2)
  },
)

const HOSTILE: Record<
  string,
  { answers: Answers; expected: (found: { resources: { name: string; uri: string }[] }) => void }
> = {
  'pages without an end': {
    answers: {
      'resources/list': ({ cursor }) => ({
        resources: Array.from({ length: 10 }, (_, at) => ({ uri: `doc://${cursor ?? 0}/${at}`, name: 'x' })),
        nextCursor: String(Number(cursor ?? 0) + 1),
      }),
    },
    expected: ({ resources }) => expect(resources).toHaveLength(30),
  },
  'one cursor again and again': {
    answers: { 'resources/list': () => ({ resources: [{ uri: 'doc://a', name: 'a' }], nextCursor: 'again' }) },
    expected: ({ resources }) => expect(namesIn(resources)).toEqual(['a']),
  },
  'items that are not defined as MCP says': {
    answers: {
      'resources/list': () => ({
        resources: [
          null,
          7,
          { name: 'no address' },
          { uri: 'doc://b', name: 5, description: {}, size: -1 },
          { uri: 'doc://c', name: 'c' },
        ],
        nextCursor: null,
      }),
    },
    expected: ({ resources }) => expect(namesIn(resources)).toEqual(['doc://b', 'c']),
  },
  'names that hide something': {
    answers: {
      'resources/list': () => ({
        resources: [{ uri: 'doc://d', name: `Plan\u202Eevil\u{E0041}\n${'x'.repeat(5_000)}` }],
      }),
    },
    expected: ({ resources: [one] }) => {
      expect(one?.name).toContain('Plan⟦U+202E⟧evil⟦U+E0041⟧ x')
      expect(one?.name.length).toBeLessThanOrEqual(200)
    },
  },
  'no list at all': {
    answers: { 'resources/list': () => ({ resources: 'none' }) },
    expected: ({ resources }) => expect(resources).toEqual([]),
  },
}

test.each(Object.entries(HOSTILE))(
  'a hostile list is bounded and made visible: %s',
  async (_name, { answers, expected }) => {
    await using server = await offerServer({
      ...FRIENDLY,
      'resources/templates/list': () => ({ resourceTemplates: [] }),
      ...answers,
    })
    use(server, { MCP_BUILTIN: 'off' })
    expected(await get(search))
    expect(server.asked.filter(({ method }) => method === 'resources/list').length).toBeLessThanOrEqual(20)
  },
)

test('a prompt that hides something shows it, and one that is too long is refused whole', async () => {
  const texts = ['Hello\u200B\tthere', 'x'.repeat(20_001)]
  await using server = await offerServer({
    ...FRIENDLY,
    'prompts/get': ({ name }) => ({
      messages: [{ role: 'user', content: { type: 'text', text: texts[Number(name)] } }],
    }),
  })
  const name = use(server)
  expect((await post(postPrompt, { server: name, prompt: '0' })).text).toBe('Hello⟦U+200B⟧  there')
  expect(await post(postPrompt, { server: name, prompt: '1' })).toMatchObject({
    status: 413,
    message: expect.stringContaining('20,000'),
  })
})

test('a resource is read as this person and bounded; what no model reads is refused', async () => {
  const contents: Record<string, object[]> = {
    'doc://long': [{ uri: 'doc://long', text: 'y'.repeat(50_000) }],
    'doc://two': [
      { uri: 'doc://1', text: 'one' },
      { uri: 'doc://2', text: 'two' },
    ],
    'doc://coded': [
      { uri: 'doc://coded', mimeType: 'application/json', blob: Buffer.from('{"a":1}').toString('base64') },
    ],
    'doc://picture': [{ uri: 'doc://picture', mimeType: 'image/png', blob: 'AAAA' }],
    'doc://zip': [{ uri: 'doc://zip', mimeType: 'application/zip', blob: 'AAAA' }],
  }
  await using server = await offerServer({
    ...FRIENDLY,
    'resources/read': ({ uri }) => ({ contents: contents[String(uri)] }),
  })
  const name = use(server)
  const read = (uri: string) => readResource({ caller: ann.caller }, { server: name, uri })
  expect(await read('doc://long')).toEqual({ text: 'y'.repeat(40_000), chars: 50_000, sources: [] })
  expect((await read('doc://two')).text).toBe('doc://1:\none\n\ndoc://2:\ntwo')
  expect((await read('doc://coded')).text).toBe('{"a":1}')
  expect((await read('doc://picture')).file).toEqual({ mimeType: 'image/png', data: 'AAAA' })
  await expect(read('doc://zip')).rejects.toThrow(/no text \(application\/zip\)/)
  await expect(readResource({ caller: ann.caller }, { server: 'nobody', uri: 'doc://long' })).rejects.toThrow(
    /not found/,
  )
})

test('a server that fails is named with a sentence, and the others are listed all the same', async () => {
  await using server = await offerServer({})
  withSettings({ MCP_SERVER_URL: server.url })
  await server[Symbol.asyncDispose]()
  const { resources, unavailable } = await get(search)
  expect(resources).toEqual([])
  expect(unavailable).toEqual([
    { server: expect.any(String), sentence: expect.stringContaining('refuses connections') },
  ])
})
