import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { PUT } from '#app/api/attachments/[id]/route.ts'
import { makeChatKitRoute } from '#app/api/chatkit/chatkit-route.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { PARAMS } from '#lib/chatkit/protocol/requests.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { act, respond } from '#tests/support/chatkit/chatkit-scripts.ts'
import { type Ask, type Dialogue, record, type Told } from '#tests/support/chatkit/side-by-side.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type Program, startProgram } from '#tests/support/processes/program.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'

// The ChatKit server that OpenAI ships (openai-chatkit, from PyPI) and ours answer the same
// requests over HTTP, with the same scripts. Except for ids and times the answers are equal, apart
// from the differences in docs/chatkit-parity.md.

/**
 * The allowed differences, by their name in the document. True for a pair that differs in exactly
 * this way.
 */
const DIFFERENCES: { [name: string]: (ours: Told, theirs: Told) => boolean } = {
  'refused before the first byte': (ours, theirs) =>
    ours.status >= 400 && ours.status < 500 && (theirs.broken === true || theirs.status === 500),
  'unknown item of a retry': (ours, theirs) =>
    ours.status === 404 && theirs.status === 200 && theirs.events?.length === 0,
  'what a retry leaves': (ours, theirs) => {
    const told = ours.events?.find((event) => event.type === 'thread.updated' && 'forks' in event.thread)
    return told !== undefined && without(ours, told) === JSON.stringify(theirs.events)
  },
  'locked threads': (ours, theirs) => ours.status === 409 && theirs.status === 200,
  'lenient input': (ours, theirs) => ours.status === 200 && theirs.status === 400,
  'limits of input': (ours, theirs) => ours.status === 400 && theirs.status === 200,
  'gone already': (ours, theirs) => ours.status === 404 && theirs.status === 200,
  'feedback on nothing': (ours, theirs) => ours.status === 404 && theirs.status === 200,
  'open items are closed': (ours, theirs) => {
    const closing = ours.events?.filter(
      (event) => !theirs.events?.some((other) => JSON.stringify(other) === JSON.stringify(event)),
    )
    return (
      closing?.length === 1 &&
      closing[0]?.type === 'thread.item.done' &&
      without(ours, closing[0]) === JSON.stringify(theirs.events)
    )
  },
  'hidden at every event': (ours, theirs) => {
    const leaked = theirs.events?.filter((event) => event.type === 'thread.item.added')
    return leaked?.length === 1 && !JSON.stringify(ours).includes('secret')
  },
  'hidden items leave no holes': (ours, theirs) => rows(ours) > rows(theirs),
  'text without an id': (ours, theirs) => updates(ours) === 1 && updates(theirs) === 0,
  'how a turn ended': (ours, theirs) =>
    JSON.stringify(ours).includes('"outcome"') && isDeepStrictEqual(withoutOutcomes(ours), withoutOutcomes(theirs)),
  'what failed is kept': (ours, theirs) => rows(ours) === rows(theirs) + 1,
}

const without = ({ events = [] }: Told, left: ThreadStreamEvent) =>
  JSON.stringify(events.filter((event) => event !== left))
const rows = ({ json }: Told) => (json as { data: unknown[] }).data.length
const updates = ({ events = [] }: Told) => events.filter(({ type }) => type === 'thread.item.updated').length

let python: Program
let ours: Awaited<ReturnType<typeof serve>>
const used = new Set<string>()

beforeAll(async () => {
  ours = await serve((request) => {
    const id = /^\/api\/attachments\/(.+)$/.exec(new URL(request.url).pathname)?.[1]
    return id ? PUT(request, { params: Promise.resolve({ id }) }) : makeChatKitRoute({ respond, act })(request)
  })
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}/api/chatkit`
  const program = ['tests/support/chatkit/chatkit_server.py', String(port), process.env.APP_URL ?? '']
  python = await startProgram(process.env.INTEROP_PYTHON ?? 'python3', program, { url, env: { LOG_LEVEL: 'critical' } })
}, 90_000)
afterAll(async () => {
  await Promise.all([ours?.close(), python?.[Symbol.asyncDispose]()])
})
beforeEach(() => withSettings({ RUNS_PER_MINUTE: '1000' }))

/** Has the dialogue with both servers and compares their answers, request by request. */
async function compare(dialogue: Dialogue): Promise<void> {
  const { headers, person } = await signedIn()
  const [mine, theirs] = await Promise.all([
    record({ url: ours.url, headers }, dialogue),
    record({ url: new URL(python.url).origin, headers: { 'x-person': person.id } }, dialogue),
  ])
  expect(mine.map(({ type }) => type)).toEqual(theirs.map(({ type }) => type))
  for (const [index, { type, params, differs, told }] of mine.entries()) {
    const other = theirs[index]?.told ?? { status: 0 }
    const request = JSON.stringify({ type, params })
    if (differs === undefined) {
      expect(told, request).toEqual(other)
      continue
    }
    used.add(differs)
    expect([request, DIFFERENCES[differs]?.(told, other), told, other]).toEqual([request, true, told, other])
  }
}

const withoutOutcomes = (told: Told): unknown =>
  JSON.parse(JSON.stringify(told, (key, value) => (key === 'outcome' ? undefined : value)))
const said = ({ events = [] }: Told) => ({ thread_id: threadOf({ events }) })
const messageOf = ({ events = [] }: Told) =>
  events.flatMap((event) =>
    event.type === 'thread.item.done' && event.item.type === 'user_message' ? [event.item.id] : [],
  )[0]
const create = (ask: Ask, text: string, more?: object, differs?: string) =>
  ask('threads.create', { input: typed(text, { ...more }) }, differs)
const add = (ask: Ask, thread: object, text: string, more?: object, differs?: string) =>
  ask('threads.add_user_message', { ...thread, input: typed(text, { ...more }) }, differs)
const tag = {
  type: 'input_tag',
  id: 'u1',
  text: 'hello',
  data: { a: null, b: [1] },
  group: 'People',
  interactive: true,
}

test('every kind of event, item and update is streamed, stored and listed like Python’s', () =>
  compare(async (ask) => {
    const thread = said(await create(ask, 'everything', { quoted_text: 'q' }))
    await ask('threads.get_by_id', thread)
    for (const page of [
      {},
      { order: 'asc' },
      { limit: 3, order: 'asc' },
      { limit: 3, order: 'asc', after: 'a1' },
      { limit: 0 },
      { limit: null },
    ])
      await ask('items.list', { ...thread, ...page })
    await ask('items.list', { ...thread, after: 'nope' })
  }))

test('tags, quotes and choices of a message reach the answer like Python’s', () =>
  compare(async (ask) => {
    const thread = said(
      // Ours refuses a model that it does not offer.
      await create(ask, 'hello', {
        inference_options: { tool_choice: { id: 'search' }, model: 'demo' },
        quoted_text: 'this',
      }),
    )
    await ask('threads.add_user_message', {
      ...thread,
      input: { ...typed(''), content: [tag], quoted_text: null, unknown: 1 },
    })
    await ask('threads.add_user_message', {
      ...thread,
      input: { ...typed(''), content: [{ ...tag, group: null, interactive: false }] },
    })
    await add(ask, thread, 'quiet', { quoted_text: '' })
    await ask('items.list', thread)
  }))

test('threads are paged, renamed and deleted like Python’s', () =>
  compare(async (ask) => {
    const all: { thread_id: string }[] = []
    for (let n = 0; n < 22; n += 1) all.push(said(await create(ask, 'quiet')))
    await ask('threads.list', {})
    for (const page of [
      { limit: 5, order: 'asc' },
      { after: all[3]?.thread_id },
      { limit: 2, after: all[20]?.thread_id },
      { limit: 22 },
    ])
      await ask('threads.list', page)
    const [first] = all as [{ thread_id: string }]
    await ask('threads.update', { ...first, title: 'A name' })
    await ask('threads.get_by_id', first)
    await ask('threads.delete', first)
    await ask('threads.get_by_id', first)
    await ask('threads.update', { ...first, title: 'x' })
    await ask('threads.delete', first, 'gone already')
    await ask('threads.list', { after: 'nope' })
  }))

test('client tool results are handled like Python’s', () =>
  compare(async (ask) => {
    const thread = said(await create(ask, 'locate'))
    await ask('threads.add_client_tool_output', { ...thread, result: { lat: 1, name: null } })
    await ask('items.list', thread)
    await ask('threads.add_client_tool_output', { ...thread, result: 1 }, 'refused before the first byte')
    await ask('threads.add_client_tool_output', { thread_id: 'nope', result: 1 }, 'refused before the first byte')
  }))

test('forms are answered like Python’s', () =>
  compare(async (ask) => {
    const thread = said(await create(ask, 'form'))
    const answers = { one: { values: ['C', 'A'] }, many: { values: ['A', 'Z'] }, other: { values: ['x'] } }
    const form = { ...thread, item_id: 'form' }
    await ask('threads.add_structured_input', { ...form, input: { answers } })
    await ask('items.list', thread)
    await ask('threads.add_structured_input', { ...form, input: { answers } }, 'refused before the first byte')
    const skipped = said(await create(ask, 'form'))
    await ask('threads.add_structured_input', { ...skipped, item_id: 'form', input: { status: 'skipped', answers } })
    await ask(
      'threads.add_structured_input',
      { ...skipped, item_id: 'nope', input: {} },
      'refused before the first byte',
    )
  }))

test('answers are retried like Python’s', () =>
  compare(async (ask) => {
    const created = await create(ask, 'retried')
    const thread = said(created)
    await add(ask, thread, 'again')
    await ask('threads.retry_after_item', { ...thread, item_id: messageOf(created) }, 'what a retry leaves')
    await ask('items.list', thread)
    await ask('threads.retry_after_item', { ...thread, item_id: 'h3' }, 'refused before the first byte')
    await ask('threads.retry_after_item', { ...thread, item_id: 'nope' }, 'unknown item of a retry')
  }))

test('widgets stream and handle actions like Python’s', () =>
  compare(async (ask) => {
    const thread = said(await create(ask, 'card'))
    const press = { ...thread, item_id: 'card', action: { type: 'press', payload: { a: null, b: [1, 'x'] } } }
    await ask('threads.custom_action', press)
    await ask('threads.custom_action', { ...thread, action: { type: 'press' } })
    await ask('threads.sync_custom_action', { ...press, action: { type: 'sync' } })
    await ask('threads.sync_custom_action', { ...press, action: { type: 'quiet' } })
    await ask('items.list', thread)
    await add(ask, thread, 'hello')
    await ask('threads.custom_action', { ...press, item_id: 'h1' })
    await ask('threads.sync_custom_action', { ...press, item_id: 'h1' }, 'refused before the first byte')
    await add(ask, thread, 'streamed widget')
    await add(ask, thread, 'nameless text', {}, 'text without an id')
  }))

test('changes of a thread are saved and announced like Python’s', () =>
  compare(async (ask) => {
    const thread = said(await create(ask, 'title'))
    await ask('threads.get_by_id', thread)
    await ask('threads.get_by_id', said(await create(ask, 'silent title')))
    await add(ask, thread, 'hello', {}, 'locked threads')
  }))

test('failures in an answer are reported like Python’s', () =>
  compare(async (ask) => {
    await ask('threads.get_by_id', said(await create(ask, 'custom error')), 'how a turn ended')
    await create(ask, 'stream error')
    await create(ask, 'bug')
    const half = said(await create(ask, 'half', {}, 'open items are closed'))
    await ask('items.list', half, 'what failed is kept')
  }))

test('hidden items stay hidden', () =>
  compare(async (ask) => {
    const thread = said(await create(ask, 'hidden'))
    await ask('threads.get_by_id', thread)
    await ask('items.list', { ...thread, limit: 2 }, 'hidden items leave no holes')
    await create(ask, 'shown hidden', {}, 'hidden at every event')
  }))

test('files are announced, sent and removed like Python’s', () =>
  compare(async (ask, put) => {
    const about = { name: 'a.txt', size: 6, mime_type: 'text/plain' }
    const { json } = await ask('attachments.create', about)
    const { id } = json as { id: string }
    await put(id)
    const thread = said(await create(ask, 'hello', { attachments: [id] }))
    await ask('items.list', thread)
    await ask('attachments.create', { name: 'p.png', size: 70, mime_type: 'image/png' })
    await ask('attachments.delete', { attachment_id: id })
    await ask('attachments.delete', { attachment_id: id }, 'gone already')
    await create(ask, 'hello', { attachments: ['nope'] }, 'refused before the first byte')
  }))

test('feedback is accepted like Python’s', () =>
  compare(async (ask) => {
    const thread = said(await create(ask, 'hello'))
    await ask('items.feedback', { ...thread, item_ids: ['h1'], kind: 'positive' })
    await ask('items.feedback', { ...thread, item_ids: ['nope'], kind: 'negative' }, 'feedback on nothing')
  }))

test('speech is transcribed like Python’s', async () => {
  const listener = await serve(async () => Response.json({ text: 'Buy milk.' }))
  withSettings({ OPENAI_BASE_URL: `${listener.url}/v1`, OPENAI_API_KEY: 'key' })
  try {
    await compare(async (ask) => {
      await ask('input.transcribe', { audio_base64: 'c291bmQ=', mime_type: 'audio/webm;codecs=opus' })
    })
  } finally {
    await listener.close()
  }
})

test('invalid requests are refused like Python’s', () =>
  compare(async (ask) => {
    const thread = said(await create(ask, 'quiet'))
    await ask('nope', {})
    for (const type of Object.keys(PARAMS).filter((name) => name !== 'threads.list')) await ask(type, { wrong: true })
    await ask('threads.get_by_id', { thread_id: 'nope' })
    await ask('items.list', { thread_id: 5 })
    await ask('items.feedback', { ...thread, item_ids: ['x'], kind: 'odd' })
    await ask('threads.add_user_message', {
      ...thread,
      input: { content: [{ type: 'x' }], attachments: [], inference_options: {} },
    })
    await ask('threads.add_user_message', { thread_id: 'nope', input: typed('x') }, 'refused before the first byte')
    await ask('threads.create', { input: { content: [{ type: 'input_text', text: 'quiet' }] } }, 'lenient input')
    await ask('threads.create', { input: typed('  ') }, 'limits of input')
    await ask('threads.update', { ...thread, title: ' ' }, 'limits of input')
  }))

test('the document names these differences and no others', () => {
  const text = readFileSync('docs/chatkit-parity.md', 'utf8')
  const [, table = ''] = text.split('## Side by side')
  const named = [...(table.split('\n## ')[0]?.matchAll(/^\| `(.+?)` \|/gm) ?? [])].map(([, name]) => name)
  expect(named.toSorted()).toEqual(Object.keys(DIFFERENCES).toSorted())
  expect([...used].toSorted()).toEqual(named.toSorted())
})
