import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { GET, POST as POST_TO, PUT } from '#app/api/attachments/[id]/route.ts'
import { POST } from '#app/api/attachments/route.ts'
import { makeAttachmentReader } from '#lib/agent/input/attachment-reader.ts'
import { deleteAccount } from '#lib/auth/sessions/own-account.ts'
import type { Attachment, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { expireAttachments } from '#lib/data/attachments/attachment-expiry.ts'
import { createAttachmentStore } from '#lib/data/attachments/attachment-records.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { BODY_MS } from '#lib/platform/http/http.ts'
import { door, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { HELLO, pdfOf } from '#tests/support/pdf.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const PDF = pdfOf(HELLO)
const HTML = Buffer.from('<!doctype html><script>alert(1)</script>')

const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
/** An image of one pixel whose comment is an HTML page. */
const GIF_AND_HTML = Buffer.concat([
  Buffer.from('GIF89a'),
  Buffer.from([1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x21, 0xfe, HTML.length]),
  HTML,
  Buffer.from([0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b]),
])

type Person = Awaited<ReturnType<typeof signedIn>>
let folder: string
let ann: Person
let bob: Person

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'attachments-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  withSettings({
    ATTACHMENTS_DIR: folder,
    ATTACHMENT_MAX_MB: '1',
    ATTACHMENTS_PER_PERSON_MB: '2',
    ATTACHMENTS_PER_MESSAGE: '2',
  })
  ;[ann, bob] = [await signedIn(), await signedIn()]
})

const at = (id: string) => ({ params: Promise.resolve({ id }) })
const request = (person: Person, id: string, init: RequestInit = {}, query = '') =>
  new Request(`${env().APP_URL}/api/attachments${id && `/${id}`}${query}`, {
    ...init,
    headers: { ...person.headers, ...init.headers },
  })
const form = (bytes: Uint8Array, name: string, type: string) => {
  const body = new FormData()
  body.set('file', new File([new Uint8Array(bytes)], name, { type }))
  return body
}
const create = async (person: Person, mime_type = 'image/png', size = PNG.length, name = 'cat.png') =>
  door(person)({ type: 'attachments.create', params: { name, size, mime_type } })
const announced = async (person: Person, ...about: [string?, number?, string?]) =>
  (await create(person, ...about)).data as Attachment
const put = (person: Person, id: string, bytes: Uint8Array) =>
  PUT(request(person, id, { method: 'PUT', body: new Uint8Array(bytes) }), at(id))
const get = (person: Person, id: string, query = '') => GET(request(person, id, {}, query), at(id))
const uploaded = async (person: Person, ...[mime, bytes = PNG, name]: [string?, Uint8Array?, string?]) => {
  const made = await announced(person, mime, bytes.length, name)
  expect((await put(person, made.id, bytes)).status).toBe(200)
  return made.id
}
const filesOnDisk = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)

describe('uploading', () => {
  test('in two phases by PUT: announced with an upload address, which is gone once the bytes are stored', async () => {
    const made = await announced(ann)
    expect(made).toEqual({
      type: 'image',
      id: expect.stringMatching(/^atc_.{20,}$/),
      name: 'cat.png',
      mime_type: 'image/png',
      preview_url: `${env().APP_URL}/api/attachments/${made.id}?preview`,
      upload_descriptor: {
        url: `${env().APP_URL}/api/attachments/${made.id}`,
        method: 'PUT',
        headers: expect.any(Object),
      },
    })
    const answer = await put(ann, made.id, PNG)
    const { upload_descriptor: _, ...rest } = made
    expect([answer.status, await answer.json()]).toEqual([200, rest])
    expect((await put(ann, made.id, PNG)).status).toBe(409)
    expect(await filesOnDisk()).toContain(made.id)
  })

  test('in two phases by POST of a form, as the sample servers accept it', async () => {
    const { id } = await announced(ann, 'application/pdf', PDF.length, 'a.pdf')
    const answer = await POST_TO(
      request(ann, id, { method: 'POST', body: form(PDF, 'other.pdf', 'application/pdf') }),
      at(id),
    )
    expect(await answer.json()).toMatchObject({ id, type: 'file', name: 'a.pdf', mime_type: 'application/pdf' })
  })

  test('directly by one form, which is answered with the attachment', async () => {
    const answer = await POST(
      request(ann, '', { method: 'POST', body: form(PNG, '../../etc/c\u202eat.png', 'image/png') }),
    )
    const made = (await answer.json()) as Attachment
    expect(made).toMatchObject({ type: 'image', name: 'cat.png', mime_type: 'image/png' })
    expect(made).not.toHaveProperty('upload_descriptor')
    expect((await get(ann, made.id)).status).toBe(200)
  })

  test('a broken form, or one without the file, is refused', async () => {
    const { id } = await announced(ann)
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    for (const body of ['nonsense', '--x\r\ncontent-disposition: form-data; name="other"\r\n\r\n1\r\n--x--\r\n'])
      expect((await POST_TO(request(ann, id, { method: 'POST', body, headers }), at(id))).status).toBe(400)
  })

  test('needs a signed-in person, our own origin, and attachments to be on', async () => {
    const { id } = await announced(ann)
    const init = { method: 'PUT', body: new Uint8Array(PNG) }
    expect((await PUT(new Request(`${env().APP_URL}/api/attachments/${id}`, init), at(id))).status).toBe(401)
    expect((await PUT(request(ann, id, { ...init, headers: { origin: 'https://evil.example' } }), at(id))).status).toBe(
      403,
    )
    withSettings({ ATTACHMENTS: 'off' })
    expect((await PUT(request(ann, id, init), at(id))).status).toBe(404)
    expect((await create(ann)).data.message).toBe('This server takes no attachments.')
  })
})

describe('which files are accepted', () => {
  test.each([
    ['image/png', HTML, 415],
    ['image/png', PDF, 200],
    ['image/jpeg', PNG, 200],
    ['application/pdf', HTML, 415],
    ['text/plain', PNG, 200],
    ['text/plain', Buffer.from([0xff, 0xfe, 0x41]), 415],
    ['text/markdown', Buffer.from('# Hä'), 200],
    ['text/html', HTML, 200],
    ['application/json', Buffer.from('{}'), 200],
    ['application/octet-stream', Buffer.from('export {}'), 200],
    ['application/octet-stream', Buffer.from([1, 0, 2, 3]), 415],
    ['image/png', SVG, 415],
    ['image/gif', SVG, 415],
    ['application/octet-stream', SVG, 200],
    ['text/html', Buffer.from('\ufeff<script>1</script>', 'utf16le'), 200],
    ['application/pdf', Buffer.concat([HTML, PDF]), 415],
    ['image/gif', GIF_AND_HTML, 200],
    ['image/png', GIF_AND_HTML, 200],
    ['text/html', GIF_AND_HTML, 200],
  ] as const)('%s with bytes of another kind: %#', async (type, bytes, status) => {
    const { id } = await announced(ann, type, bytes.length, 'f')
    const answer = await put(ann, id, bytes)
    expect(answer.status).toBe(status)
    if (status !== 200) expect(await filesOnDisk()).not.toContain(id)
  })

  test.each(['video/mp4', 'application/zip', 'image/svg+xml', 'application/x-msdownload', 'constructor', '__proto__'])(
    '%s is refused before it is uploaded',
    async (type) => {
      expect(await create(ann, type, 1, 'a.bin')).toMatchObject({
        status: 415,
        data: { message: expect.stringContaining(type) },
      })
    },
  )

  test('a file that is too large is refused when it is announced, or when it is larger than announced', async () => {
    expect(await create(ann, 'image/png', 1024 * 1024 + 1)).toMatchObject({
      status: 413,
      data: { message: 'The file is larger than 1 MB.' },
    })
    const { id } = await announced(ann, 'text/plain', 1)
    expect((await put(ann, id, Buffer.alloc(1024 * 1024 + 1, 'a'))).status).toBe(413)
    expect((await put(ann, id, Buffer.alloc(2_000_000, 'a'))).status).toBe(413)
    expect(await filesOnDisk()).not.toContain(id)
  })

  test('a person’s files have a total limit', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'a')
    for (const _ of [1, 2]) await uploaded(ann, 'text/plain', megabyte)
    expect(await create(ann, 'text/plain', 1)).toMatchObject({
      status: 409,
      data: { message: expect.stringContaining('2 MB') },
    })
    expect((await create(bob, 'text/plain', 1)).status).toBe(200)
  })

  test('a message has at most two files, which must be uploaded and can be sent only once', async () => {
    const ids = [await uploaded(ann), await uploaded(ann), await uploaded(ann)]
    const ask = door(ann)
    const say = (attachments: string[]) =>
      ask({ type: 'threads.create', params: { input: typed('see', { attachments }) } })
    expect(await say(ids)).toMatchObject({ status: 413, data: { message: 'A message can have 2 files at most.' } })
    const { id } = await announced(ann)
    expect(await say([id])).toMatchObject({ status: 409, data: { message: 'cat.png is not uploaded yet.' } })
    const first = await say(ids.slice(0, 2))
    expect(first.status).toBe(200)
    expect(await say(ids.slice(0, 1))).toMatchObject({ status: 409 })
    const { data } = await ask({ type: 'items.list', params: { thread_id: threadOf(first), order: 'asc' } })
    expect((data.data as UserMessageItem[])[0]?.attachments.map((one) => one.id)).toEqual(ids.slice(0, 2))
  })
})

describe('concurrent requests', () => {
  test('one file goes to one thread, and the other messages leave nothing behind', async () => {
    const id = await uploaded(ann)
    const send = () => door(ann)({ type: 'threads.create', params: { input: typed('see', { attachments: [id] }) } })
    const replies = await Promise.all([send(), send(), send()])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    const kept = threadOf(replies.find(({ status }) => status === 200) as (typeof replies)[0])
    const { data } = await door(ann)({ type: 'threads.list', params: {} })
    expect((data.data as { id: string }[]).map((thread) => thread.id)).toEqual([kept])
    expect(await withSystem('admin', (tx) => tx.run.count({ where: { ownerId: ann.caller.userId } }))).toBe(1)
    expect(await createAttachmentStore(ann.caller).load(id)).toMatchObject({ thread_id: kept })
  })

  test('the files of a message that is just starting are not deleted as abandoned', async () => {
    const id = await uploaded(ann)
    await createAttachmentStore(ann.caller).bind('thr_to_be', [id])
    const run = {
      id: 'run_to_be',
      ownerId: ann.caller.userId,
      threadId: 'thr_to_be',
      requestId: 'r',
      operation: 'threads.create',
    }
    await withSystem('admin', (tx) => tx.run.create({ data: run }))
    await expireAttachments(ann.caller)
    expect((await get(ann, id)).status).toBe(200)
    await withSystem('admin', (tx) => tx.run.update({ where: { id: run.id }, data: { status: 'failed' } }))
    await expireAttachments(ann.caller)
    expect((await get(ann, id)).status).toBe(404)
  })

  test('files announced at once share the same limit', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async () => (await create(ann, 'text/plain', 500_000)).status),
    )
    expect(statuses.sort()).toEqual([200, 200, 200, 200, 409, 409])
  })

  test('files that grow during the upload share the same limit', async () => {
    withSettings({ ATTACHMENTS_PER_PERSON_MB: '1' })
    const made = await Promise.all([1, 2, 3].map(() => announced(ann, 'text/plain', 1)))
    const answers = await Promise.all(made.map(({ id }) => put(ann, id, Buffer.alloc(600_000, 'a'))))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  test('one person’s slow uploads do not block another person, and end if nothing arrives', async () => {
    const { idle } = BODY_MS
    onTestFinished(() => {
      BODY_MS.idle = idle
    })
    const waiting = await Promise.all([1, 2, 3, 4].map(() => announced(ann)))
    const read: ReadableStreamDefaultController<Uint8Array>[] = []
    const slowly = (id: string) => {
      const body = new ReadableStream<Uint8Array>({ pull: (source) => void read.push(source) }, { highWaterMark: 0 })
      return PUT(request(ann, id, { method: 'PUT', body, duplex: 'half' } as RequestInit), at(id))
    }
    const slow = waiting.slice(0, 3).map(({ id }) => slowly(id))
    await expect.poll(() => read.length, { timeout: 20_000 }).toBe(3)
    const fourth = waiting[3]?.id ?? ''
    const refused = await put(ann, fourth, PNG)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2'])
    await uploaded(bob)
    BODY_MS.idle = 50
    for (const source of read.slice(0, 3)) source.enqueue(PNG.subarray(0, 10))
    for (const answer of await Promise.all(slow)) {
      expect(answer.status).toBe(400)
      expect((await answer.json()).message).toBe(
        'The request did not arrive in time. Check your connection and try again.',
      )
    }
    expect((await put(ann, fourth, PNG)).status).toBe(200)
  })
})

describe('reading', () => {
  test('is possible for the owner only; another person gets the answer for a missing file', async () => {
    const id = await uploaded(ann)
    expect((await get(ann, id)).status).toBe(200)
    const [foreign, missing] = [await get(bob, id), await get(bob, 'atc_nope')]
    const body = async (response: Response) => ({ ...(await response.json()), request_id: '' })
    expect([foreign.status, await body(foreign)]).toEqual([missing.status, await body(missing)])
    expect(foreign.status).toBe(404)
    expect((await put(bob, id, PNG)).status).toBe(404)
    expect((await door(bob)({ type: 'attachments.delete', params: { attachment_id: id } })).status).toBe(404)
    expect(
      (await door(bob)({ type: 'threads.create', params: { input: typed('x', { attachments: [id] }) } })).status,
    ).toBe(404)
    expect((await get(ann, (await announced(ann)).id)).status).toBe(404)
  })

  test('never serves an HTML page: it is a sandboxed download with type text/plain', async () => {
    const id = await uploaded(ann, 'text/html', HTML, "it's <b>.html")
    for (const query of ['', '?preview']) {
      const { headers } = await get(ann, id, query)
      expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
      expect(headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''it%27s%20%3Cb%3E.html")
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test.each([
    ['application/octet-stream', SVG, 'text/plain; charset=utf-8'],
    ['image/gif', GIF_AND_HTML, 'image/gif'],
  ])('a file that is valid as two types is served as one: %s', async (type, bytes, told) => {
    const { headers } = await get(ann, await uploaded(ann, type, bytes, 'page.html'), '?preview')
    expect([headers.get('content-type'), headers.get('x-content-type-options')]).toEqual([told, 'nosniff'])
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    expect(headers.get('content-disposition')).toMatch(told === 'image/gif' ? /^inline/ : /^attachment/)
  })

  test('shows images inline in the preview', async () => {
    const id = await uploaded(ann)
    const shown = await get(ann, id, '?preview')
    expect(shown.headers.get('content-disposition')).toMatch(/^inline/)
    expect(shown.headers.get('content-type')).toBe('image/png')
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(PNG)
    expect((await get(ann, id)).headers.get('content-disposition')).toMatch(/^attachment/)
  })

  test('the model gets images, PDFs and text; a missing file is named', async () => {
    const read = makeAttachmentReader(ann.caller)
    const load = async (id: string) => read(await createAttachmentStore(ann.caller).load(id))
    expect(await load(await uploaded(ann))).toEqual([
      { type: 'input_image', image: `data:image/png;base64,${PNG.toString('base64')}`, detail: 'auto' },
    ])
    expect(await load(await uploaded(ann, 'application/pdf', PDF, 'a.pdf'))).toEqual([
      { type: 'input_file', file: `data:application/pdf;base64,${PDF.toString('base64')}`, filename: 'a.pdf' },
    ])
    const text = await load(await uploaded(ann, 'text/plain', Buffer.from('Zahl: 4711'), 'n.txt'))
    expect(text).toEqual([{ type: 'input_text', text: '<Attachment name="n.txt">\nZahl: 4711\n</Attachment>' }])
    const gone: Attachment = { type: 'file', id: 'atc_gone', name: 'old.txt', mime_type: 'text/plain' }
    expect(await read(gone)).toEqual([
      { type: 'input_text', text: '[The attached file "old.txt" is not there any more.]' },
    ])
    withSettings({ ATTACHMENT_MAX_MB: '20', ATTACHMENTS_PER_PERSON_MB: '100' })
    const large = await uploaded(ann, 'text/plain', Buffer.alloc(16 * 1024 * 1024, 'a'))
    const again = makeAttachmentReader(ann.caller)
    const largeOne = await createAttachmentStore(ann.caller).load(large)
    expect(await again(largeOne)).toEqual([{ type: 'input_text', text: expect.stringContaining('more characters') }])
    expect(await again(largeOne)).toEqual([
      { type: 'input_text', text: '[There is no room for the attached file "cat.png".]' },
    ])
    const foreign = await makeAttachmentReader(bob.caller)(
      await createAttachmentStore(ann.caller).load(await uploaded(ann)),
    )
    expect(foreign).toEqual([{ type: 'input_text', text: expect.stringContaining('not there any more') }])
  })
})

describe('deletion', () => {
  const age = (id: string, hours: number) =>
    withSystem('admin', (tx) =>
      tx.attachment.update({ where: { id }, data: { createdAt: new Date(Date.now() - hours * 3_600_000) } }),
    )
  const there = async (id: string) => (await withSystem('admin', (tx) => tx.attachment.count({ where: { id } }))) === 1

  test('removing an attachment deletes its record and bytes', async () => {
    const id = await uploaded(ann)
    expect((await door(ann)({ type: 'attachments.delete', params: { attachment_id: id } })).data).toEqual({})
    expect([await there(id), (await filesOnDisk()).includes(id), (await get(ann, id)).status]).toEqual([
      false,
      false,
      404,
    ])
  })

  test('deleting a conversation deletes its files and no others', async () => {
    const [sent, kept] = [await uploaded(ann), await uploaded(ann)]
    const ask = door(ann)
    const thread_id = threadOf(
      await ask({ type: 'threads.create', params: { input: typed('see', { attachments: [sent] }) } }),
    )
    expect((await ask({ type: 'threads.delete', params: { thread_id } })).status).toBe(200)
    const files = await filesOnDisk()
    expect([await there(sent), files.includes(sent), await there(kept), files.includes(kept)]).toEqual([
      false,
      false,
      true,
      true,
    ])
  })

  test('more files than one batch are all deleted, even if some cannot be', async () => {
    const made = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        createAttachmentStore(ann.caller).save({
          type: 'file',
          id: `atc_${n}${ann.caller.userId.slice(4)}`,
          name: 'a',
          mime_type: 'text/plain',
          thread_id: 'thr_gone',
        }),
      ),
    )
    const odd = Array.from({ length: 25 }, (_, n) => ({
      id: `!${n}${ann.caller.userId}`,
      ownerId: ann.caller.userId,
      threadId: 'thr_gone',
      data: {},
    }))
    await withSystem('admin', (tx) => tx.attachment.createMany({ data: odd }))
    expect(await expireAttachments(ann.caller)).toBe(made.length)
    expect(await withSystem('admin', (tx) => tx.attachment.count({ where: { ownerId: ann.caller.userId } }))).toBe(
      odd.length,
    )
  })

  test('an upload that is not finished within an hour, and a file that is not sent within a day, are deleted', async () => {
    const [unfinished, fresh] = [await announced(ann), await announced(bob)].map(({ id }) => id) as [string, string]
    const [unsent, sent] = [await uploaded(ann), await uploaded(ann)]
    await door(ann)({ type: 'threads.create', params: { input: typed('see', { attachments: [sent] }) } })
    await age(unfinished, 2)
    for (const id of [unsent, sent]) await age(id, 25)
    expect((await put(ann, unfinished, PNG)).status).toBe(404)
    await expireAttachments()
    expect([await there(unfinished), await there(unsent), await there(fresh), await there(sent)]).toEqual([
      false,
      false,
      true,
      true,
    ])
    expect(await filesOnDisk()).not.toContain(unsent)
    expect((await get(ann, sent)).status).toBe(200)
  })

  test('deleting an account deletes its files', async () => {
    const id = await uploaded(ann)
    await deleteAccount(
      { caller: ann.caller, signedInAt: Math.floor(Date.now() / 1000), version: 1 } as Parameters<
        typeof deleteAccount
      >[0],
      undefined,
    )
    expect([await there(id), (await filesOnDisk()).includes(id)]).toEqual([false, false])
  })

  test('a failed write is a 503, and a record whose bytes cannot be deleted stays for the next round', async () => {
    const { id } = await announced(ann)
    withSettings({ ATTACHMENTS_DIR: '/dev/null/nowhere' })
    expect((await put(ann, id, PNG)).status).toBe(503)
    await age(id, 2)
    await expireAttachments(ann.caller)
    expect(await there(id)).toBe(true)
    withSettings({ ATTACHMENTS_DIR: folder })
    await expireAttachments(ann.caller)
    expect(await there(id)).toBe(false)
  })
})

describe('an S3-compatible store', () => {
  /** Speaks the part of S3 that is used, and checks that each request is signed. */
  async function bucket(fail = false) {
    const objects = new Map<string, Buffer>()
    const seen: string[] = []
    const server = createServer(async (incoming, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk)
      const { method = '', url = '', headers } = incoming
      seen.push(`${method} ${url}`)
      const signed = /^AWS4-HMAC-SHA256 Credential=key-id\/\d{8}\/eu-test\/s3\/aws4_request, /.test(
        headers.authorization ?? '',
      )
      if (!signed || fail) return void response.writeHead(signed ? 503 : 403).end()
      if (method === 'PUT') objects.set(url, Buffer.concat(chunks))
      if (method === 'DELETE') objects.delete(url)
      const found = objects.get(url)
      if (method === 'GET' && !found) return void response.writeHead(404).end()
      response.writeHead(method === 'DELETE' ? 204 : 200).end(method === 'GET' ? found : undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    withSettings({
      S3_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      S3_BUCKET: 'files',
      S3_REGION: 'eu-test',
      S3_ACCESS_KEY_ID: 'key-id',
      S3_SECRET_ACCESS_KEY: 'the secret key',
    })
    return { objects, seen }
  }

  test('stores the bytes instead of the folder, with every request signed', async () => {
    const { objects } = await bucket()
    const id = await uploaded(ann)
    expect([...objects]).toEqual([[`/files/${ann.caller.userId}/${id}`, PNG]])
    expect(await filesOnDisk()).not.toContain(id)
    expect(Buffer.from(await (await get(ann, id)).arrayBuffer())).toEqual(PNG)
    await door(ann)({ type: 'attachments.delete', params: { attachment_id: id } })
    expect(objects.size).toBe(0)
  })

  test('that fails is reported, and the upload can be tried again', async () => {
    const { id } = await announced(ann)
    await bucket(true)
    const answer = await put(ann, id, PNG)
    expect([answer.status, (await answer.json()).message]).toEqual([
      503,
      'The store of attachments cannot be reached just now. Try again in a moment.',
    ])
    await bucket()
    expect((await put(ann, id, PNG)).status).toBe(200)
  })
})
