import { afterEach, beforeAll, expect, test } from 'vitest'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { type Door, door, openDoor, say, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// A refusal comes before the first byte, with a sentence, and changes nothing that is stored.

type Signed = Awaited<ReturnType<typeof signedIn>>
let ann: Signed
let ask: Door
let threadId: string
let foreignId: string
let before: unknown

async function rows() {
  return withCaller(ann.caller, async (tx) => ({
    threads: await tx.thread.findMany({ orderBy: { seq: 'asc' } }),
    items: await tx.threadItem.findMany({ orderBy: { seq: 'asc' } }),
    runs: await tx.run.findMany({ orderBy: { createdAt: 'asc' } }),
  }))
}

beforeAll(async () => {
  ann = await signedIn()
  ask = door(ann)
  threadId = threadOf(await ask({ type: 'threads.create', params: { input: typed('hi') } }))
  foreignId = threadOf(await door(await signedIn())({ type: 'threads.create', params: { input: typed('mine') } }))
  const store = createPrismaStore(ann.caller)
  const item = (more: object) => ({ thread_id: threadId, created_at: '2026-01-01T00:00:00Z', ...more }) as ThreadItem
  await store.addItem(threadId, item({ id: 'answered', type: 'structured_input', status: 'answered', inputs: [] }))
  await store.addItem(threadId, item({ id: 'form', type: 'structured_input', status: 'pending', inputs: [] }))
  for (const type of ['locked', 'closed'] as const)
    await store.saveThread({
      id: `thr_${type}`,
      created_at: '2026-01-01T00:00:00Z',
      status: { type, reason: `It is ${type}.` },
      metadata: {},
    })
  before = await rows()
})

afterEach(async () => expect(await rows()).toEqual(before))

const at = (params: object) => ({ thread_id: threadId, ...params })
const table: [string, () => unknown, number, RegExp][] = [
  ['invalid JSON', () => '{', 400, /not valid JSON/],
  ['an array', () => [], 400, /JSON object/],
  ['null', () => null, 400, /JSON object/],
  ['a missing type', () => ({ params: {} }), 400, /^type is missing/],
  ['an unknown operation', () => ({ type: 'nope', params: {} }), 400, /^type: there is no operation "nope"/],
  [
    'an operation named like a method',
    () => ({ type: 'constructor', params: {} }),
    400,
    /^type: there is no operation/,
  ],
  ['missing params', () => ({ type: 'threads.create' }), 400, /^params.input is missing/],
  [
    'missing content',
    () => ({ type: 'threads.create', params: { input: {} } }),
    400,
    /^params.input.content is missing/,
  ],
  ['an empty message', () => ({ type: 'threads.create', params: { input: typed(' \n ') } }), 400, /message is empty/],
  [
    'content of an unknown type',
    () => ({ type: 'threads.create', params: { input: { content: [{ type: 'x' }] } } }),
    400,
    /^params.input.content.0/,
  ],
  [
    'a number as thread id',
    () => ({ type: 'threads.get_by_id', params: { thread_id: 5 } }),
    400,
    /^params.thread_id: expected string/,
  ],
  ['a negative limit', () => ({ type: 'threads.list', params: { limit: -1 } }), 400, /^params.limit/],
  ['an unknown order', () => ({ type: 'threads.list', params: { order: 'up' } }), 400, /^params.order/],
  ['an empty title', () => ({ type: 'threads.update', params: at({ title: ' \t ' }) }), 400, /^params.title is empty/],
  ['deeply nested JSON', () => `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`, 400, /nested deeper than 64/],
  [
    'a retry of a form',
    () => ({ type: 'threads.retry_after_item', params: at({ item_id: 'form' }) }),
    400,
    /not a user message/,
  ],
  [
    'an answer to a missing form',
    () => ({ type: 'threads.add_structured_input', params: at({ item_id: 'x', input: {} }) }),
    404,
    /not found/,
  ],
  [
    'an action without a handler',
    () => ({ type: 'threads.custom_action', params: at({ action: { type: 'x' } }) }),
    400,
    /no actions/,
  ],
  [
    'an attachment that no model can read',
    () => ({ type: 'attachments.create', params: { name: 'a', size: 1, mime_type: 'video/mp4' } }),
    415,
    /video\/mp4 cannot be attached/,
  ],
  [
    'dictation without a transcription model',
    () => ({ type: 'input.transcribe', params: { audio_base64: 'aGk=', mime_type: 'audio/webm' } }),
    400,
    /cannot turn speech/,
  ],
  [
    'audio that is not base64',
    () => ({ type: 'input.transcribe', params: { audio_base64: '!', mime_type: 'audio/webm' } }),
    400,
    /^params.audio_base64/,
  ],
  [
    'a missing attachment',
    () => ({ type: 'threads.create', params: { input: typed('x', { attachments: ['nope'] }) } }),
    404,
    /attachment was not found/,
  ],
  [
    'a thread id with a NUL character',
    () => ({ type: 'threads.get_by_id', params: { thread_id: 'thr_\0' } }),
    404,
    /not found/,
  ],
  ['an unknown cursor', () => ({ type: 'items.list', params: at({ after: 'nope' }) }), 404, /not found/],
  [
    'a retry of a missing item',
    () => ({ type: 'threads.retry_after_item', params: at({ item_id: 'nope' }) }),
    404,
    /not found/,
  ],
  [
    'a second answer to a form',
    () => ({ type: 'threads.add_structured_input', params: at({ item_id: 'answered', input: {} }) }),
    409,
    /answered already/,
  ],
  [
    'an unexpected client tool result',
    () => ({ type: 'threads.add_client_tool_output', params: at({ result: 1 }) }),
    409,
    /waiting for a result/,
  ],
  [
    'a message to a locked thread',
    () => ({ type: 'threads.add_user_message', params: { thread_id: 'thr_locked', input: typed('x') } }),
    409,
    /It is locked/,
  ],
  [
    'a message to a closed thread',
    () => ({ type: 'threads.add_user_message', params: { thread_id: 'thr_closed', input: typed('x') } }),
    409,
    /It is closed/,
  ],
  [
    'a message over the limit',
    () => ({ type: 'threads.create', params: { input: typed('x'.repeat(20_001)) } }),
    413,
    /20,001 characters; 20,000 are the most/,
  ],
  [
    'a quote over the limit',
    () => ({ type: 'threads.create', params: { input: typed('x', { quoted_text: 'y'.repeat(20_000) }) } }),
    413,
    /20,001 characters/,
  ],
  [
    'the data of a tag over the limit',
    () => ({
      type: 'threads.create',
      params: {
        input: {
          ...typed(''),
          content: [{ type: 'input_tag', id: 'u', text: 'Ann', data: { note: 'y'.repeat(20_000) } }],
        },
      },
    }),
    413,
    /20,014 characters/,
  ],
  ['a request over the limit', () => `"${'x'.repeat(6_090_000)}"`, 413, /larger than/],
]

test.each(table)('%s is refused', async (_, body, status, message) => {
  const reply = await ask(body())
  expect([reply.status, reply.data.message]).toEqual([status, expect.stringMatching(message)])
  expect(reply.data.request_id).toBe(reply.headers.get('x-request-id'))
})

test.each([
  ['threads.get_by_id', {}],
  ['threads.add_user_message', { input: typed('x') }],
  ['threads.add_client_tool_output', { result: 1 }],
  ['threads.add_structured_input', { item_id: 'form', input: {} }],
  ['threads.retry_after_item', { item_id: 'form' }],
  ['threads.custom_action', { action: { type: 'x' } }],
  ['threads.sync_custom_action', { action: { type: 'x' } }],
  ['threads.update', { title: 'stolen' }],
  ['threads.delete', {}],
  ['threads.stop', {}],
  ['threads.attach', {}],
  ['items.list', {}],
  ['items.feedback', { item_ids: [], kind: 'positive' }],
])('%s answers for another person’s thread as for a missing one, byte for byte', async (type, params) => {
  const open = openDoor(ann, say('x'))
  const headers = { 'x-request-id': 'the-same-request' }
  const [foreign, missing] = await Promise.all(
    [foreignId, 'thr_nope'].map(async (thread_id) => {
      const response = await open({ type, params: { thread_id, ...params } }, headers)
      return [response.status, Object.fromEntries(response.headers), await response.text()]
    }),
  )
  expect(foreign).toEqual(missing)
  expect(foreign?.[0]).toBe(404)
})

test('a visitor, another site and a body that is not JSON are refused', async () => {
  const body = { type: 'threads.list', params: {} }
  expect((await door({ headers: { cookie: '' } })(body)).status).toBe(401)
  expect((await ask(body, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await ask(body, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await ask(body, { 'content-type': 'text/plain' })).status).toBe(415)
})

test.each(['locked', 'closed'])('a %s thread refuses every kind of turn', async (state) => {
  const thread_id = `thr_${state}`
  for (const [type, params] of [
    ['threads.add_user_message', { input: typed('x') }],
    ['threads.add_client_tool_output', { result: 1 }],
    ['threads.add_structured_input', { item_id: 'form', input: {} }],
    ['threads.retry_after_item', { item_id: 'x' }],
    ['threads.custom_action', { action: { type: 'x' } }],
    ['threads.sync_custom_action', { action: { type: 'x' } }],
  ] as const)
    expect(await ask({ type, params: { thread_id, ...params } })).toMatchObject({
      status: 409,
      data: { message: `It is ${state}.` },
    })
})

test.each([
  ['transcription', { type: 'input.transcribe', params: { audio_base64: 'aGk=', mime_type: 'audio/webm' } }, 20],
  ['creating attachments', { type: 'attachments.create', params: { name: 'a', size: 1, mime_type: 'video/mp4' } }, 120],
])('%s is limited per person, and the refusal says how long to wait', async (_, body, limit) => {
  withSettings({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_API_KEY: 'key' })
  const eager = door(await signedIn())
  const replies = await Promise.all(Array.from({ length: limit + 1 }, () => eager(body)))
  const refused = replies.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(1)
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await door(await signedIn())(body)).status).not.toBe(429)
})

test('turns per minute are limited, and the refusal says how long to wait; reading is not limited', async () => {
  withSettings({ RUNS_AT_ONCE: '100' })
  const eager = door(await signedIn())
  const limit = env().RUNS_PER_MINUTE
  const replies = await Promise.all(
    Array.from({ length: limit + 1 }, () => eager({ type: 'threads.create', params: { input: typed('x') } })),
  )
  const refused = replies.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(1)
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  const { data } = await eager({ type: 'threads.list', params: { limit: 100 } })
  expect(data.data).toHaveLength(limit)
})
