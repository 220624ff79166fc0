import { strToU8, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { GET as exportOne } from '#app/api/me/conversations/[id]/export/route.ts'
import { POST as importFile } from '#app/api/me/imports/route.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { deleteConversation } from '#lib/data/chat/deleted-conversations.ts'
import { listOutsideContent } from '#lib/data/chat/outside-content.ts'
import type { ImportReport } from '#lib/data/transfer/import-conversations.ts'
import { JsonEntries } from '#lib/data/transfer/json-entries.ts'
import { readExportFile } from '#lib/data/transfer/read-export-file.ts'
import { newId } from '#lib/platform/ids.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Conversations that are taken along: out of this server, and into it from other programs.

type Person = Awaited<ReturnType<typeof signedIn>>

const SECRET = 'what no import may bring'

async function bring(person: Person, file: string | Uint8Array, headers: Record<string, string> = {}) {
  const request = new Request('http://127.0.0.1:3999/api/me/imports', {
    method: 'POST',
    headers: { ...person.headers, origin: 'http://127.0.0.1:3999', ...headers },
    body: typeof file === 'string' ? file : Buffer.from(file),
  })
  const response = await importFile(request)
  return { status: response.status, report: (await response.json()) as ImportReport & { message?: string } }
}

async function listThreads({ caller }: Person) {
  const store = createPrismaStore(caller)
  const { data } = await store.listThreads({ limit: 50, order: 'asc' })
  return Promise.all(
    data.map(async (thread) => ({
      thread,
      items: (await store.listItems(thread.id, { limit: 50, order: 'asc' })).data,
    })),
  )
}

const textsOf = (items: ThreadItem[]) =>
  items.map((item) =>
    item.type === 'user_message' || item.type === 'assistant_message'
      ? `${item.type === 'user_message' ? 'user' : 'assistant'}: ${item.content.map(({ text }) => text).join('')}`
      : item.type,
  )

/** A message of ChatGPT's export, as it writes them. */
const said = (role: string, parts: unknown[], more: object = {}) => ({
  ...{ author: { role }, create_time: 1_700_000_000.5, content: { content_type: 'text', parts } },
  ...{ recipient: 'all', weight: 1, metadata: {}, ...more },
})

/** A conversation of ChatGPT's export: a tree, whose last branch is shown. */
function ofChatGpt(title: string, id = newId('c')) {
  const nodes: [string, string | null, unknown][] = [
    ['root', null, null],
    ['system', 'root', said('system', [SECRET])],
    [
      'context',
      'system',
      said('user', [SECRET], { content: { content_type: 'user_editable_context', parts: [SECRET] } }),
    ],
    ['hidden', 'context', said('user', [SECRET], { metadata: { is_visually_hidden_from_conversation: true } })],
    [
      'q',
      'hidden',
      said('user', ['When does the train leave?', { content_type: 'image_asset_pointer', asset_pointer: SECRET }], {}),
    ],
    ['call', 'q', said('assistant', [SECRET], { recipient: 'browser' })],
    ['result', 'call', said('tool', [SECRET])],
    ['thought', 'result', said('assistant', [SECRET], { channel: 'analysis' })],
    ['left', 'thought', said('assistant', ['Another way that was left.'])],
    [
      'a',
      'thought',
      said('assistant', ['At nine.\ue200cite\ue202turn0search1\ue201 ![x](https://evil.example/p.png)']),
    ],
  ]
  const mapping = Object.fromEntries(
    nodes.map(([key, parent, message]) => [key, { id: key, parent, children: [], message }]),
  )
  return { title, create_time: 1_699_999_999.1, conversation_id: id, current_node: 'a', mapping }
}

test('an import of ChatGPT brings what the person and the assistant wrote on the last branch, and nothing else', async () => {
  const ann = await signedIn()
  const { status, report } = await bring(ann, JSON.stringify([ofChatGpt('A train'), ofChatGpt('Second')]))
  expect([status, report]).toEqual([200, { imported: 2, already: 0, problems: [], moreProblems: 0 }])
  const threads = await listThreads(ann)
  expect(threads.map(({ thread }) => thread.title)).toEqual(['A train', 'Second'])
  expect(textsOf(threads[0]?.items ?? [])).toEqual([
    'user: When does the train leave?',
    'assistant: At nine. ![x](https://evil.example/p.png)',
  ])
  expect(JSON.stringify(threads)).not.toContain(SECRET)
  // No picture of another server is loaded in it.
  const { thread } = threads[0] ?? {}
  expect(thread).toMatchObject({ created_at: '2023-11-14T22:13:19.100Z', allowed_image_domains: [] })
  expect(thread?.metadata).toEqual({
    origin: { kind: 'imported', from: 'ChatGPT', at: expect.any(String), messages: 2 },
  })
})

test('the archive of ChatGPT is read while it arrives; nothing else in it is', async () => {
  const ann = await signedIn()
  const archive = zipSync({
    'chat.html': strToU8(SECRET.repeat(10_000)),
    'export/conversations.json': strToU8(JSON.stringify([ofChatGpt('From an archive')])),
    'user.json': strToU8('{"messages":[]}'),
  })
  expect((await bring(ann, archive)).report).toMatchObject({ imported: 1, problems: [] })
  expect((await bring(ann, zipSync({ 'notes.txt': strToU8('x') }))).report.message).toMatch(/no conversations\.json/)
  expect((await bring(ann, archive.slice(0, 60))).status).toBe(400)
})

test('LibreChat’s exports are read as a list, as a list without links, and as a tree', async () => {
  const ann = await signedIn()
  const base = { endpoint: 'openAI', exportAt: '2026-01-02T03:04:05.000Z', options: { promptPrefix: SECRET } }
  const question = {
    messageId: 'm1',
    parentMessageId: '00000000-0000-0000-0000-000000000000',
    isCreatedByUser: true,
    text: 'Hello',
  }
  const answer = {
    ...{ messageId: 'm2', parentMessageId: 'm1', isCreatedByUser: false, text: '' },
    content: [
      { type: 'think', think: SECRET },
      { type: 'tool_call', tool_call: { output: SECRET } },
      { type: 'text', text: 'Hi there' },
    ],
  }
  const other = { ...answer, messageId: 'm0', content: [{ type: 'text', text: 'An older answer' }] }
  const files = [
    { ...base, conversationId: 'l1', title: 'List', messages: [question, other, answer] },
    {
      ...base,
      conversationId: 'l2',
      title: 'Loose',
      messages: [
        { ...question, parentMessageId: null },
        { ...answer, parentMessageId: null },
      ],
    },
    {
      ...base,
      conversationId: 'l3',
      title: 'Tree',
      recursive: true,
      messages: [{ ...question, children: [other, answer] }],
    },
  ]
  for (const file of files)
    expect((await bring(ann, JSON.stringify(file, null, 2))).report).toMatchObject({ imported: 1 })
  for (const { items } of await listThreads(ann)) expect(textsOf(items)).toEqual(['user: Hello', 'assistant: Hi there'])
  expect(JSON.stringify(await listThreads(ann))).not.toContain(SECRET)
})

test('the same file again brings only what is gone', async () => {
  const ann = await signedIn()
  const file = JSON.stringify([ofChatGpt('One'), ofChatGpt('Two')])
  expect((await bring(ann, file)).report).toMatchObject({ imported: 2, already: 0 })
  expect((await bring(ann, file)).report).toMatchObject({ imported: 0, already: 2 })
  const [first] = await listThreads(ann)
  await createPrismaStore(ann.caller).deleteThread(first?.thread.id ?? '')
  expect((await bring(ann, file)).report).toMatchObject({ imported: 1, already: 1 })
  // The same file of somebody else is theirs.
  const bob = await signedIn()
  expect((await bring(bob, file)).report).toMatchObject({ imported: 2, already: 0 })
  await deleteConversation(bob.caller, (await listThreads(bob))[0]?.thread.id ?? '')
  expect(await listThreads(ann)).toHaveLength(2)
})

test('bad entries are named, and the others kept', async () => {
  const ann = await signedIn()
  const good = ofChatGpt('Good')
  const circle = ofChatGpt('A circle')
  Object.assign(circle.mapping.q ?? {}, { parent: 'a' })
  const long = ofChatGpt('Long')
  Object.assign(long.mapping.q ?? {}, { message: said('user', ['x'.repeat(200_001)]) })
  const nul = { ...ofChatGpt('With\0 NUL and \ud800'), create_time: 1e300, current_node: 7 }
  const entries = [
    JSON.stringify(good),
    '{"title":"Broken","mapping":{]}',
    '{"title":"No conversation","x":[1,{"y":"}"}]}',
    JSON.stringify({ ...ofChatGpt('Silent'), mapping: {} }),
    `{"title":"Deep","mapping":{"a":{"message":${'['.repeat(5_000)}${']'.repeat(5_000)}}}}`,
    JSON.stringify(circle),
    JSON.stringify(long),
    JSON.stringify(nul),
    JSON.stringify(ofChatGpt('Cut')).slice(0, 300),
  ]
  const { report } = await bring(ann, `\ufeff[${entries.join(',\n')}`)
  expect(report.problems.map(({ title, reason }) => `${title}: ${reason.split(' ').slice(0, 4).join(' ')}`)).toEqual([
    'Broken: It is not valid',
    'No conversation: It is no conversation',
    'Silent: It has no text',
    'Deep: It has no text',
    'Long: A message was longer',
    'Cut: The file ends in',
  ])
  expect(report.imported).toBe(4)
  const threads = await listThreads(ann)
  expect(threads.map(({ thread }) => thread.title)).toEqual(['Good', 'A circle', 'Long', 'With\ufffd NUL and \ufffd'])
})

test('files that are no export are refused', async () => {
  const ann = await signedIn()
  for (const file of ['', 'hello', '[]', '123', '"{}"']) expect((await bring(ann, file)).status, file).toBe(400)
  expect((await bring(ann, '{}')).report.problems).toHaveLength(1)
  expect((await bring(ann, '{}', { 'content-length': '300000000' })).status).toBe(413)
  expect((await bring(ann, '{}', { cookie: '' })).status).toBe(401)
  expect((await bring(ann, '{}', { origin: 'https://evil.example' })).status).toBe(403)
})

test('an archive that unpacks to too much is given up in the middle', async () => {
  const bomb = zipSync({ 'conversations.json': new Uint8Array(60_000_000).fill(32) })
  expect(bomb.length).toBeLessThan(100_000)
  let given = 0
  async function* chunks() {
    for (let at = 0; at < bomb.length; at += 1_000) {
      given += 1
      yield bomb.subarray(at, at + 1_000)
    }
  }
  const read = async () => {
    for await (const _ of readExportFile(chunks(), 10_000_000));
  }
  await expect(read()).rejects.toMatchObject({ code: 'too_large' })
  expect(given).toBeLessThan(bomb.length / 1_000 / 3)
})

test('an entry that is too large is dropped while it arrives, and the next one is read', () => {
  const entries = new JsonEntries(1_000)
  const file = Buffer.from(`[{"title":"Huge","x":"${'é\\"{'.repeat(2_000)}"},{"title":"Small"}]`)
  const found = []
  for (let at = 0; at < file.length; at += 7) found.push(...entries.feed(file.subarray(at, at + 7)))
  found.push(...entries.end())
  expect(found.map(({ problem, text }) => [problem, text.slice(0, 15)])).toEqual([
    ['too_large', '{"title":"Huge"'],
    [undefined, '{"title":"Small'],
  ])
  expect(found[0]?.text.length).toBeLessThan(5_000)
})

test('what is exported as JSON can be imported again, and Markdown has it readable', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  await bring(ann, JSON.stringify([ofChatGpt('A/B: “train”')]))
  const [{ thread } = { thread: undefined }] = await listThreads(ann)
  const get = async (format: string, person = ann) => {
    const request = new Request(`http://127.0.0.1:3999/x?format=${format}`, { headers: person.headers })
    return exportOne(request, { params: Promise.resolve({ id: thread?.id ?? '' }) })
  }
  const json = await get('json')
  expect(json.headers.get('content-disposition')).toBe(
    "attachment; filename*=UTF-8''A-B%3A%20%E2%80%9Ctrain%E2%80%9D.json",
  )
  const text = await json.text()
  expect(JSON.parse(text)).toMatchObject({ format: 'switchboard.conversation', version: 1, title: 'A/B: “train”' })
  expect((await bring(bob, text)).report).toMatchObject({ imported: 1, problems: [] })
  expect(textsOf((await listThreads(bob))[0]?.items ?? [])).toEqual(textsOf((await listThreads(ann))[0]?.items ?? []))
  const markdown = await (await get('markdown')).text()
  expect(markdown).toBe(
    [
      '# A/B: “train”\n\n2023-11-14 22:13 UTC\n',
      '## You · 2023-11-14 22:13 UTC\n\nWhen does the train leave?\n',
      '## Assistant · 2023-11-14 22:13 UTC\n\nAt nine. ![x](https://evil.example/p.png)\n',
    ].join('\n'),
  )
  expect((await get('json', bob)).status).toBe(404)
})

test('the model is told that the messages were not written here, and calls after them are reviewed', async () => {
  await using server = await openAIServer()
  withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: 'responses', OPENAI_MODEL: 'm', OPENAI_API_KEY: 'sk-test' })
  server.otherwise(() => ({ text: 'Yes.' }))
  const ann = await signedIn()
  const chat = await conversation(ann.caller)
  await chat.say('Is this mine?')
  expect(JSON.stringify(server.requests)).not.toContain('were not written here')
  await bring(ann, JSON.stringify([ofChatGpt('A train')]))
  const { thread } = (await listThreads(ann)).find(({ thread: { title } }) => title === 'A train') ?? {}
  await chat.store.changeThread(chat.thread.id, { metadata: thread?.metadata ?? {} })
  await chat.say('And this?')
  expect(JSON.stringify(server.requests.at(-1)?.body)).toMatch(
    /first messages .* imported from ChatGPT .* were not written here/,
  )
  expect(await listOutsideContent(ann.caller, thread?.id ?? '')).toMatchObject([{ kind: 'imported' }])
})
