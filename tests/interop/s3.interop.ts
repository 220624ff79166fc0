import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { GET, PUT } from '#app/api/attachments/[id]/route.ts'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { openByteStore } from '#lib/data/attachments/attachment-bytes.ts'
import { expireAttachments } from '#lib/data/attachments/attachment-expiry.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { door, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type Program, startProgram } from '#tests/support/processes/program.ts'
import { withSettings } from '#tests/support/settings.ts'

// Attachments in a bucket of moto, an independent S3 server that checks each signature and the
// permissions of the key.

const BUCKET = 'the-files'
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

type Person = Awaited<ReturnType<typeof signedIn>>
let moto: Program
let keys: { S3_ACCESS_KEY_ID: string; S3_SECRET_ACCESS_KEY: string }
let ann: Person

beforeAll(async () => {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  moto = await startProgram(
    process.env.INTEROP_PYTHON ?? 'python3',
    ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    { url },
  )
  keys = await anAppThatMayUseTheBucket(url)
}, 90_000)
afterAll(() => moto?.[Symbol.asyncDispose]())
beforeEach(async () => {
  withSettings({ S3_ENDPOINT: moto.url, S3_BUCKET: BUCKET, S3_REGION: 'eu-central-1', ...keys })
  ann = await signedIn()
})

/**
 * Creates a bucket, and a user who may write, read and delete in it and nothing else. From then on
 * each request is checked.
 */
async function anAppThatMayUseTheBucket(url: string): Promise<typeof keys> {
  const root = { accessKeyId: 'root', secretAccessKey: 'root', region: 'us-east-1' }
  const [iam, s3] = [new AwsClient({ ...root, service: 'iam' }), new AwsClient({ ...root, service: 's3' })]
  const ask = async (action: string, more: object) => {
    const body = new URLSearchParams({ Action: action, Version: '2010-05-08', UserName: 'app', ...more })
    const response = await iam.fetch(url, {
      method: 'POST',
      body: body.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(response.status, action).toBe(200)
    return response.text()
  }
  await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: '4' })
  const configuration =
    '<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>'
  expect((await s3.fetch(`${url}/${BUCKET}`, { method: 'PUT', body: configuration })).status).toBe(200)
  await ask('CreateUser', {})
  const allowed = {
    Effect: 'Allow',
    Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
    Resource: `arn:aws:s3:::${BUCKET}/*`,
  }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [allowed] })
  await ask('PutUserPolicy', { PolicyName: 'files', PolicyDocument })
  const made = await ask('CreateAccessKey', {})
  const field = (name: string) => new RegExp(`<${name}>(.+?)</${name}>`).exec(made)?.[1] ?? ''
  return { S3_ACCESS_KEY_ID: field('AccessKeyId'), S3_SECRET_ACCESS_KEY: field('SecretAccessKey') }
}

const at = (id: string) => ({ params: Promise.resolve({ id }) })
const request = (id: string, init: RequestInit = {}) =>
  new Request(`${env().APP_URL}/api/attachments/${id}`, { ...init, headers: { ...ann.headers, ...init.headers } })
async function announced(bytes: Uint8Array, name: string, mime_type: string): Promise<string> {
  const { data } = await door(ann)({ type: 'attachments.create', params: { name, size: bytes.byteLength, mime_type } })
  return (data as Attachment).id
}
const put = (id: string, bytes: Uint8Array) => PUT(request(id, { method: 'PUT', body: new Uint8Array(bytes) }), at(id))
async function uploaded(bytes: Uint8Array = PNG, name = 'cat.png', type = 'image/png'): Promise<string> {
  const id = await announced(bytes, name, type)
  expect((await put(id, bytes)).status).toBe(200)
  return id
}
const get = async (id: string) => {
  const response = await GET(request(id), at(id))
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}
/** Asks the store itself whether it has the bytes. */
const kept = async (id: string) => (await openByteStore().read(`${ann.caller.userId}/${id}`)) !== null

test.each([
  ['an image', PNG, 'cat.png', 'image/png'],
  ['a name in many scripts', Buffer.from('Grüße'), 'Ünï cödé 😀 & <b>?#%.txt', 'text/plain'],
  ['an empty file', Buffer.alloc(0), 'empty.txt', 'text/plain'],
  ['some megabytes', Buffer.alloc(5_000_000, 'ä'), 'large.txt', 'text/plain'],
])('%s comes back unchanged', async (_, bytes, name, type) => {
  const id = await uploaded(bytes, name, type)
  expect(await kept(id)).toBe(true)
  const answer = await get(id)
  expect([answer.status, answer.bytes.equals(bytes)]).toEqual([200, true])
  expect(decodeURIComponent(answer.headers.get('content-disposition') ?? '')).toContain(name)
})

test('a second write replaces the first, a missing key reads as null, and deleting it does not throw', async () => {
  const store = openByteStore()
  await store.write('usr_1/atc_1', Buffer.from('one'))
  await store.write('usr_1/atc_1', Buffer.from('two'))
  expect(Buffer.from((await store.read('usr_1/atc_1')) ?? [])).toEqual(Buffer.from('two'))
  await store.delete('usr_1/atc_1')
  await store.delete('usr_1/atc_1')
  expect(await store.read('usr_1/atc_1')).toBeNull()
})

test('a removed file, one of a deleted conversation and an unsent one are deleted from the bucket', async () => {
  const [removed, sent, forgotten] = [await uploaded(), await uploaded(), await uploaded()]
  await door(ann)({ type: 'attachments.delete', params: { attachment_id: removed } })
  const thread_id = threadOf(
    await door(ann)({ type: 'threads.create', params: { input: typed('see', { attachments: [sent] }) } }),
  )
  expect([await kept(removed), await kept(sent), await kept(forgotten)]).toEqual([false, true, true])
  await door(ann)({ type: 'threads.delete', params: { thread_id } })
  const old = { createdAt: new Date(Date.now() - 25 * 3_600_000) }
  await withSystem('admin', (tx) => tx.attachment.update({ where: { id: forgotten }, data: old }))
  await expireAttachments(ann.caller)
  expect([await kept(sent), await kept(forgotten), (await get(sent)).status]).toEqual([false, false, 404])
})

test.each([
  ['a wrong secret', { S3_SECRET_ACCESS_KEY: 'wrong' }],
  ['an unknown key', { S3_ACCESS_KEY_ID: 'AKIAUNKNOWN' }],
  ['a missing bucket', { S3_BUCKET: 'no-such-bucket' }],
  ['an unreachable store', { S3_ENDPOINT: 'http://127.0.0.1:9' }],
])('with %s the upload is a 503, and can be tried again', async (_, settings) => {
  const id = await announced(PNG, 'cat.png', 'image/png')
  withSettings(settings)
  const refused = await put(id, PNG)
  expect([refused.status, (await refused.json()).message]).toEqual([503, expect.stringMatching(/store of attachments/)])
  withSettings({ S3_ENDPOINT: moto.url, S3_BUCKET: BUCKET, ...keys })
  expect((await put(id, PNG)).status).toBe(200)
})
