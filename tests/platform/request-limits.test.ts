import { expect, test, vi } from 'vitest'
import { GET as changes } from '#app/api/admin/changes/route.ts'
import { GET as download } from '#app/api/attachments/[id]/route.ts'
import { readFormFile } from '#app/api/attachments/form-file.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { door, message, openDoor, typed } from '#tests/support/chatkit/chatkit.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const LIST = { type: 'threads.list', params: {} }
const CREATE = { type: 'threads.create', params: { input: typed('hi') } }

test('chat requests are limited per person, whatever the operation', async () => {
  withSettings({ CHAT_REQUESTS_PER_MINUTE: '3' })
  const ann = door(await signedIn())
  const bob = door(await signedIn())
  for (const body of [LIST, CREATE, { type: 'nonsense' }]) expect((await ann(body)).status).not.toBe(429)
  const refused = await ann(LIST)
  expect(refused).toMatchObject({ status: 429, data: { code: 'limited' } })
  expect(refused.data.message).toMatch(
    /^You have sent 3 requests within a minute\. Try again in (a minute|\d+ seconds)\.$/,
  )
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  // A flood is still refused, now from memory.
  for (let time = 0; time < 5; time += 1) expect((await ann(CREATE)).status).toBe(429)
  expect((await bob(LIST)).status).toBe(200)
})

test('a request may be only as large as its operation needs, with a limited number of values', async () => {
  const ann = door(await signedIn())
  const refused = (body: unknown) => ann(body).then(({ status, data }) => ({ status, message: data.message }))
  expect(await refused({ ...LIST, params: { after: 'x'.repeat(300_000) } })).toEqual({
    ...{ status: 413, message: 'This request is larger than 262 kB.' },
  })
  expect(await refused(`{"type":"threads.list","params":{"a":[${'1,'.repeat(20_000)}1]}}`)).toEqual({
    ...{ status: 413, message: 'The request has more than 20,000 values.' },
  })
  expect((await refused(`{"type":"threads.list","params":{"a":${'['.repeat(70)}${']'.repeat(70)}}}`)).status).toBe(400)
  expect((await refused(`{"type":"threads.list","params":{"a":"${'\\n'.repeat(400_000)}"}}`)).status).toBe(413)
})

const rpc = (token: string, message: object = { method: 'tools/list' }) =>
  handleMcp(
    new Request('http://127.0.0.1:3999/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, host: '127.0.0.1:3999' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    }),
  )

test('requests to /mcp are limited per token and per person', async () => {
  withSettings({ MCP_REQUESTS_PER_MINUTE: '3', MCP_REQUESTS_PER_PERSON: '5' })
  const { caller } = await signedIn()
  const [one, two] = [await personalToken(caller), await personalToken(caller)]
  const stranger = await personalToken((await signedIn()).caller)
  for (let time = 0; time < 3; time += 1) expect((await rpc(one)).status).toBe(200)
  const refused = await rpc(one)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toEqual({
    ...{ jsonrpc: '2.0', id: null },
    error: {
      code: -32_000,
      message: expect.stringMatching(
        /^This token has sent 3 requests within a minute, which is the most\. Try again in/,
      ),
    },
  })
  // The other token has its own limit, until the person's is used up.
  expect([(await rpc(two)).status, (await rpc(two)).status]).toEqual([200, 200])
  expect(await (await rpc(two)).json()).toMatchObject({
    error: { message: expect.stringMatching(/^Your clients have sent 5 requests/) },
  })
  expect((await rpc(stranger)).status).toBe(200)
})

test('a message to /mcp with too many values is refused', async () => {
  const { caller } = await signedIn()
  const token = await personalToken(caller)
  const call = (x: unknown) => rpc(token, { method: 'tools/call', params: { name: 'whoami', arguments: { x } } })
  const refused = await call(Array.from({ length: 200_000 }, () => '{'))
  expect(refused.status).toBe(413)
  expect(await refused.json()).toMatchObject({
    error: { code: -32_600, message: 'The request has more than 20,000 values.' },
  })
  expect((await call(Array.from({ length: 15_000 }, () => '{'))).status).toBe(200)
})

test('a person’s open streams are limited, and a message that is refused for it is not stored', async () => {
  withSettings({ STREAMS_AT_ONCE: '2' })
  const ann = await signedIn()
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  const open = openDoor(ann, async function* (turn) {
    await over
    yield* message(turn, ['Done.'])
  })
  const streams = [await open(CREATE), await open(CREATE)]
  const refused = await open(CREATE)
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({
    message: 'You have 2 streams open already. Close a tab or a client that you no longer need.',
  })
  expect(refused.headers.get('retry-after')).toBe('10')
  const list = await door(ann)(LIST)
  expect(list.data.data).toHaveLength(2)
  // Another person has their own limit, and queries are not streams.
  expect((await door(await signedIn())(CREATE)).status).toBe(200)
  await streams[0]?.body?.cancel()
  const next = await open(CREATE)
  expect(next.status).toBe(200)
  end()
  await Promise.all([streams[1]?.text(), next.text()])
  await vi.waitFor(async () => expect((await open(CREATE)).status).toBe(200), 20_000)
})

test('an admin page’s change stream counts as a stream', async () => {
  withSettings({ STREAMS_AT_ONCE: '1' })
  const { headers } = await signedIn({ role: 'admin' })
  const follow = () => changes(new Request('http://127.0.0.1:3999/api/admin/changes', { headers }))
  const first = await follow()
  expect([first.status, (await follow()).status]).toEqual([200, 429])
  await first.body?.cancel()
  expect((await follow()).status).toBe(200)
})

test('attachment downloads per minute are limited', async () => {
  const { headers } = await signedIn()
  const load = () =>
    download(new Request('http://127.0.0.1:3999/api/attachments/atc_none', { headers }), {
      params: Promise.resolve({ id: 'atc_none' }),
    })
  for (let part = 0; part < 20; part += 1) await Promise.all(Array.from({ length: 30 }, load))
  const refused = await load()
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('only the first parts of a form are read, and the file is unchanged', () => {
  const part = (name: string, body: string) => `--b\r\ncontent-disposition: form-data; name="${name}"${body}\r\n`
  const file = part('file', '; filename="a%22b.txt"\r\ncontent-type: text/plain\r\n\r\none\r\n--two')
  const read = (form: string) => readFormFile(Buffer.from(form), 'multipart/form-data; boundary=b')
  const { bytes, name, type } = read(`${part('x', '\r\n\r\n1')}${file}--b--\r\n`)
  expect([Buffer.from(bytes).toString(), name, type]).toEqual(['one\r\n--two', 'a"b.txt', 'text/plain'])
  expect(() => read(`${part('x', '\r\n\r\n').repeat(300_000)}${file}--b--`)).toThrow('no file')
  expect(() => read('none')).toThrow('cannot be read')
})
