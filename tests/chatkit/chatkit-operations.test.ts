import { expect, test } from 'vitest'
import type { StructuredInputItem, ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { registry } from '#lib/runs/registry.ts'
import { door, kinds, message, say, textOf, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { chatKitServer } from '#tests/support/chatkit/chatkit-server.ts'
import { signedIn } from '#tests/support/people/people.ts'

// What the element needs, over HTTP and on PostgreSQL. Below, the rest of the protocol on a store
// in memory.

const create = (text: string, more = {}) => ({ type: 'threads.create', params: { input: typed(text, more) } })

test('a first message creates a thread, streams the answer and gives the thread a title', async () => {
  const person = await signedIn()
  const reply = await door(person, say('Hel', 'lo.'))(create('Plan a week in Lisbon', { quoted_text: 'q' }), {
    'x-time-zone': 'Europe/Berlin',
    'accept-language': 'de-DE',
  })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(kinds(reply.events)).toEqual([
    'thread.created',
    'thread.item.done user_message',
    'stream_options',
    'thread.item.added assistant_message',
    'thread.updated',
    ...Array(3).fill('thread.item.updated'),
    'thread.item.done assistant_message',
  ])
  const [created, said] = reply.events
  expect(created).toMatchObject({
    thread: { status: { type: 'active' }, metadata: {}, items: { data: [], has_more: false } },
  })
  expect(created).not.toHaveProperty('thread.title')
  expect(said).toMatchObject({
    item: { quoted_text: 'q', content: [{ text: 'Plan a week in Lisbon' }], attachments: [], inference_options: {} },
  })
  expect(reply.events[4]).toMatchObject({ thread: { title: 'Plan a week in Lisbon' } })

  const run = await findRun(person.caller, reply.headers.get('x-run-id') ?? '')
  expect(run).toMatchObject({
    status: 'done',
    operation: 'threads.create',
    threadId: threadOf(reply),
    failureClass: null,
  })
  // The answer does not wait for the row that says when it began.
  expect(run?.startedAt).not.toBeNull()
  expect(run?.firstDeltaAt?.getTime()).toBeGreaterThanOrEqual(run?.createdAt?.getTime() ?? Number.NaN)
  expect(run?.finishedAt).not.toBeNull()
  expect(await findPerson(person.caller.userId)).toMatchObject({ timeZone: 'Europe/Berlin', locale: 'de-DE' })
})

test('a second message continues the thread, and the thread reads back as it was streamed', async () => {
  const ask = door(await signedIn(), say('Sure.'))
  const thread_id = threadOf(await ask(create('one')))
  const second = await ask({ type: 'threads.add_user_message', params: { thread_id, input: typed('two') } })
  expect(kinds(second.events).slice(0, 2)).toEqual(['thread.item.done user_message', 'stream_options'])
  const { data } = await ask({ type: 'threads.get_by_id', params: { thread_id } })
  expect(data).toMatchObject({ id: thread_id, title: 'one', items: { has_more: false } })
  const { data: items } = (await ask({ type: 'items.list', params: { thread_id, order: 'asc' } })).data as {
    data: ThreadItem[]
  }
  expect(items.map((item) => (item.type === 'user_message' ? item.content[0]?.text : textOf(item)))).toEqual([
    'one',
    'Sure.',
    'two',
    'Sure.',
  ])
  expect((data.items as { data: unknown }).data).toEqual(items)
  const shown = second.events.flatMap((event) => (event.type === 'thread.item.done' ? [event.item] : []))
  expect(items.slice(2)).toEqual(shown)
})

test('threads page with exclusive cursors, newest first by default', async () => {
  const person = await signedIn()
  const ask = door(person)
  const store = createPrismaStore(person.caller)
  for (let n = 1; n <= 25; n += 1)
    await store.saveThread({
      id: `thr_${n}_${person.caller.userId}`,
      title: String(n),
      created_at: new Date().toISOString(),
      status: { type: 'active' },
      metadata: { secret: 1 },
    })
  const first = (await ask({ type: 'threads.list', params: {} })).data as {
    data: { title: string; metadata: object }[]
    has_more: boolean
    after: string
  }
  expect(first.data.map(({ title }) => title)).toEqual(Array.from({ length: 20 }, (_, n) => String(25 - n)))
  expect(first.data[0]?.metadata).toEqual({})
  const rest = (await ask({ type: 'threads.list', params: { after: first.after, limit: null } })).data as typeof first
  expect(rest.data.map(({ title }) => title)).toEqual(['5', '4', '3', '2', '1'])
  expect(rest).not.toHaveProperty('after')
  expect((await ask({ type: 'threads.list', params: { limit: 2, order: 'asc' } })).data).toMatchObject({
    data: [{ title: '1' }, { title: '2' }],
    has_more: true,
  })
})

test('a thread can be renamed, with a title of limited length, and deleted with all its items', async () => {
  const ask = door(await signedIn())
  const thread_id = threadOf(await ask(create('hi')))
  const renamed = await ask({
    type: 'threads.update',
    params: { thread_id, title: `  a\n\u0007b  ${'x'.repeat(500)}` },
  })
  expect((renamed.data.title as string).length).toBe(200)
  expect(renamed.data).toMatchObject({ id: thread_id, items: { data: [] }, metadata: {} })
  expect((await ask({ type: 'threads.delete', params: { thread_id } })).data).toEqual({})
  expect((await ask({ type: 'threads.get_by_id', params: { thread_id } })).status).toBe(404)
})

test('a retry removes what followed the message and answers it again', async () => {
  let answer = 'first'
  const inputs: (string | undefined)[] = []
  const ask = door(await signedIn(), async function* (turn) {
    inputs.push(turn.input?.id)
    yield* message(turn, [answer])
  })
  const created = await ask(create('hi'))
  const thread_id = threadOf(created)
  answer = 'second'
  await ask({
    type: 'threads.add_user_message',
    params: { thread_id, input: typed('more', { inference_options: { tool_choice: { id: 't' } } }) },
  })
  answer = 'again'
  const retried = await ask({ type: 'threads.retry_after_item', params: { thread_id, item_id: inputs[0] } })
  expect(kinds(retried.events)[0]).toBe('stream_options')
  expect(inputs[2]).toBe(inputs[0])
  const { data } = (await ask({ type: 'items.list', params: { thread_id, order: 'asc' } })).data as {
    data: ThreadItem[]
  }
  expect(data.map((item) => textOf(item))).toEqual(['', 'again'])
})

test('a thread that is renamed while an answer streams keeps its new name', async () => {
  const person = await signedIn()
  const ask = door(person, async function* (turn) {
    yield { type: 'progress_update', text: 'Thinking' }
    const store = createPrismaStore(person.caller)
    await store.saveThread({ ...(await store.loadThread(turn.thread.id)), title: 'My name for it' })
    turn.thread.metadata = { step: 1 }
    yield { type: 'progress_update', text: 'Still thinking' }
  })
  const reply = await ask(create('hi'))
  expect(reply.events.at(-1)).toMatchObject({
    type: 'thread.updated',
    thread: { title: 'My name for it', metadata: {} },
  })
  expect(await createPrismaStore(person.caller).loadThread(threadOf(reply))).toMatchObject({
    title: 'My name for it',
    metadata: { step: 1 },
  })
})

test('a request that is sent twice is answered once and streamed twice', async () => {
  let calls = 0
  const ask = door(await signedIn(), async function* (turn) {
    calls += 1
    yield* message(turn, ['Once.'])
  })
  const request = { ...create('yes'), metadata: { request_id: crypto.randomUUID() } }
  const [first, second] = [await ask(request), await ask(request)]
  expect(second.headers.get('x-run-id')).toBe(first.headers.get('x-run-id'))
  expect(textOf((second.events.at(-1) as { item: ThreadItem }).item)).toBe('Once.')
  expect(threadOf(second)).toBe(threadOf(first))
  expect(calls).toBe(1)
  await Promise.all([ask({ ...create('yes') }), ask({ ...create('yes') })])
  expect(calls).toBe(3)
})

test('a resent form is not answered twice, and can be answered even after its events are deleted', async () => {
  const person = await signedIn()
  const ask = door(person)
  const thread_id = threadOf(await ask(create('hi')))
  await createPrismaStore(person.caller).addItem(thread_id, {
    thread_id,
    created_at: new Date().toISOString(),
    ...form(),
  } as ThreadItem)
  const params = { thread_id, item_id: 'form', input: { answers: { one: { values: ['A'] } } } }
  const answer = { type: 'threads.add_structured_input', params, metadata: { request_id: crypto.randomUUID() } }
  const first = await ask(answer)
  expect((await ask(answer)).events).toEqual(expect.arrayContaining(first.events.slice(-1)))
  expect((await ask({ ...answer, metadata: {} })).status).toBe(409)
  registry().runs.clear()
  await withSystem('expiry', (tx) => tx.run.updateMany({ data: { lastSeq: 0 } }))
  const late = await ask(answer)
  expect(late.status).toBe(200)
  expect(kinds(late.events)).toEqual([
    'thread.created',
    'thread.item.done user_message',
    'thread.item.done assistant_message',
    'thread.item.done structured_input',
    'thread.item.done assistant_message',
  ])
  expect((await door(await signedIn())(answer)).status).toBe(404)
})

// The tests below use a store in memory.

const form = (more: Partial<StructuredInputItem> = {}) => ({
  id: 'form',
  type: 'structured_input',
  status: 'pending',
  inputs: [
    {
      type: 'multiple_choice',
      id: 'one',
      question: 'Which?',
      options: [{ value: 'A' }, { value: 'B' }],
      multiple: false,
    },
    { type: 'multiple_choice', id: 'many', question: 'Which ones?', options: [{ value: 'A' }], multiple: true },
    { type: 'freeform', id: 'free', question: 'Why?' },
  ],
  ...more,
})

test('a form accepts values that are not options, one value for a single choice, and ignores unknown questions; missing answers are skipped', async () => {
  const { ask, begin, store } = chatKitServer()
  const thread_id = await begin(form())
  const answers = { one: { values: ['C', 'A'] }, many: { values: ['A', 'Z'] }, other: { values: ['x'] } }
  const { events } = await ask('threads.add_structured_input', { thread_id, item_id: 'form', input: { answers } })
  expect(kinds(events).slice(0, 3)).toEqual([
    'stream_options',
    'thread.item.replaced structured_input',
    'thread.item.added assistant_message',
  ])
  expect(await store.loadItem(thread_id, 'form')).toMatchObject({
    status: 'answered',
    inputs: [
      { id: 'one', answer: { values: ['C'], skipped: false } },
      { id: 'many', answer: { values: ['A', 'Z'], skipped: false } },
      { id: 'free', answer: { values: [], skipped: true } },
    ],
  })
})

test('a skipped form has no answers, even if the request has some', async () => {
  const { ask, begin, store } = chatKitServer()
  const thread_id = await begin(form())
  await ask('threads.add_structured_input', {
    thread_id,
    item_id: 'form',
    input: { status: 'skipped', answers: { one: { values: ['A'] } } },
  })
  expect(await store.loadItem(thread_id, 'form')).toMatchObject({
    status: 'skipped',
    inputs: [{ answer: { values: [], skipped: true } }, {}, {}],
  })
})

test('a client tool result is accepted even if other items follow the call, and older pending calls are deleted', async () => {
  const call = { type: 'client_tool_call', status: 'pending', call_id: 'c', name: 'locate', arguments: { a: null } }
  const { ask, begin, store } = chatKitServer()
  const thread_id = await begin(
    { id: 'old', ...call },
    { id: 'call', ...call },
    { id: 'end', type: 'end_of_turn' },
    { id: 'note', type: 'hidden_context_item', content: 1 },
  )
  const { events } = await ask('threads.add_client_tool_output', { thread_id, result: { lat: 1, name: null } })
  expect(kinds(events).slice(0, 2)).toEqual(['stream_options', 'thread.item.added assistant_message'])
  expect(await store.loadItem(thread_id, 'call')).toMatchObject({ status: 'completed', output: { lat: 1, name: null } })
  await expect(store.loadItem(thread_id, 'old')).rejects.toMatchObject({ code: 'not_found' })
  await expect(ask('threads.add_client_tool_output', { thread_id, result: 1 })).rejects.toMatchObject({
    code: 'conflict',
  })
})

test('a client tool call without a result is completed and has no output field', async () => {
  for (const result of [null, undefined]) {
    const { ask, begin } = chatKitServer()
    const thread_id = await begin({
      id: 'call',
      type: 'client_tool_call',
      status: 'pending',
      call_id: 'c',
      name: 'locate',
      arguments: { near: null },
    })
    await ask('threads.add_client_tool_output', { thread_id, result })
    const { data } = await ask('items.list', { thread_id })
    const sent = (data.data as ThreadItem[]).find(({ id }) => id === 'call')
    expect(sent).toMatchObject({ status: 'completed', arguments: { near: null } })
    expect(sent).not.toHaveProperty('output')
  }
})

test('an action receives its widget, what it changes is stored and streamed, and a synchronous action returns the item', async () => {
  const card = { id: 'w', type: 'widget', widget: { type: 'Card', children: [] } }
  const seen: unknown[] = []
  const updated = (item: WidgetItem): WidgetItem => ({
    ...item,
    widget: { type: 'Card', children: [null, { type: 'Text', value: 'x', id: null }] } as never,
  })
  const { ask, begin, store } = chatKitServer({
    act: async function* ({ action, sender }) {
      seen.push([action, sender?.id])
      if (sender) yield { type: 'thread.item.replaced', item: updated(sender) }
    },
    actSync: async ({ sender }) => sender && updated(sender),
  })
  const thread_id = await begin(card)
  const action = { type: 'press', payload: { n: 1 } }
  expect(kinds((await ask('threads.custom_action', { thread_id, item_id: 'w', action })).events)).toEqual([
    'stream_options',
    'thread.item.replaced widget',
  ])
  expect(await store.loadItem(thread_id, 'w')).toMatchObject({ widget: { children: [{ type: 'Text', value: 'x' }] } })
  expect((await ask('threads.custom_action', { thread_id, action })).events).toHaveLength(1)
  expect(seen).toEqual([
    [action, 'w'],
    [action, undefined],
  ])
  expect((await ask('threads.sync_custom_action', { thread_id, item_id: 'w', action })).data).toMatchObject({
    updated_item: { id: 'w', widget: { children: [{ value: 'x' }] } },
  })
  expect((await ask('threads.sync_custom_action', { thread_id, action })).data).toEqual({})
})

test('feedback, dictation and stream options reach their handlers', async () => {
  const heard: unknown[] = []
  const { ask, begin } = chatKitServer({
    feedback: async (given) => void heard.push(given),
    transcribe: async ({ data, mimeType, mediaType }) => ({ text: `${Buffer.from(data)} ${mimeType} ${mediaType}` }),
    streamOptions: () => ({ allow_cancel: false }),
  })
  const thread_id = await begin()
  await ask('items.feedback', { thread_id, item_ids: ['a', 'b'], kind: 'positive' })
  expect(heard).toEqual([{ thread_id, item_ids: ['a', 'b'], kind: 'positive' }])
  const audio = { audio_base64: Buffer.from('hi').toString('base64'), mime_type: 'audio/webm;codecs=opus' }
  expect((await ask('input.transcribe', audio)).data).toEqual({ text: 'hi audio/webm;codecs=opus audio/webm' })
  const { events } = await ask('threads.add_user_message', { thread_id, input: typed('x') })
  expect(events[1]).toEqual({ type: 'stream_options', stream_options: { allow_cancel: false } })
})

test('attachments belong to the thread of their message, and their metadata never leaves the server', async () => {
  const removed: string[] = []
  const file = {
    type: 'file' as const,
    id: 'atc_1',
    name: 'a.txt',
    mime_type: 'text/plain',
    metadata: { key: 'secret' },
  }
  const { ask, store } = chatKitServer({
    files: { create: async () => file, delete: async (id) => void removed.push(id) },
  })
  const made = await ask('attachments.create', { name: 'a.txt', size: 3, mime_type: 'text/plain' })
  expect(made.data).not.toHaveProperty('metadata')
  const created = await ask('threads.create', { input: typed('see', { attachments: ['atc_1'] }) })
  const thread_id = threadOf(created)
  expect(JSON.stringify(created.events)).not.toContain('secret')
  expect(JSON.stringify((await ask('items.list', { thread_id })).data)).toContain('a.txt')
  expect(await store.attachments.load('atc_1')).toMatchObject({ thread_id, metadata: { key: 'secret' } })
  await expect(ask('threads.create', { input: typed('mine?', { attachments: ['atc_1'] }) })).rejects.toMatchObject({
    code: 'conflict',
  })
  await ask('attachments.delete', { attachment_id: 'atc_1' })
  expect(removed).toEqual(['atc_1'])
})

test('hidden items are stored and never sent, whatever event carries them', async () => {
  const hidden = {
    id: 'h',
    type: 'hidden_context_item' as const,
    created_at: '2026-01-01T00:00:00Z',
    content: 'the secret',
  }
  const { ask, store } = chatKitServer({
    respond: async function* ({ thread }) {
      const item = { ...hidden, thread_id: thread.id }
      yield { type: 'thread.item.added', item }
      yield { type: 'thread.item.done', item }
      yield { type: 'thread.item.replaced', item }
      yield { type: 'thread.item.done', item: { ...item, id: 'h2', type: 'sdk_hidden_context' } }
      yield { type: 'thread.item.removed', item_id: 'h' }
    },
  })
  const created = await ask('threads.create', { input: typed('hi') })
  const thread_id = threadOf(created)
  expect(kinds(created.events)).toEqual(['thread.created', 'thread.item.done user_message', 'stream_options'])
  expect(await store.loadItem(thread_id, 'h2')).toMatchObject({ content: 'the secret' })
  const read = [await ask('threads.get_by_id', { thread_id }), await ask('items.list', { thread_id })]
  expect(JSON.stringify(read)).not.toContain('secret')
})

test('a status, image hosts and a title that a turn sets are saved and announced after the next event', async () => {
  const { ask, store } = chatKitServer({
    respond: async function* ({ thread }) {
      thread.title = ' New '
      thread.allowed_image_domains = ['example.com']
      yield { type: 'notice', level: 'info', message: 'a' }
      yield { type: 'notice', level: 'info', message: 'b' }
      thread.status = { type: 'locked', reason: 'Enough.' }
    },
  })
  const { events } = await ask('threads.create', { input: typed('hi') })
  expect(kinds(events).slice(3)).toEqual(['notice', 'thread.updated', 'notice', 'thread.updated'])
  expect(events[4]).toMatchObject({
    thread: { title: 'New', allowed_image_domains: ['example.com'], status: { type: 'active' } },
  })
  expect(await store.loadThread(threadOf({ events }))).toMatchObject({
    title: 'New',
    status: { type: 'locked', reason: 'Enough.' },
  })
})

test('what a turn changes while an earlier change is being saved is saved as well', async () => {
  const ann = await signedIn()
  const reply = await door(ann, async function* (turn) {
    turn.thread.title = 'First'
    // The agent goes on while the pipeline saves.
    setImmediate(() => {
      turn.thread.metadata = { kept: true }
    })
    yield { type: 'progress_update', text: 'now' }
    yield* message(turn, ['done'])
  })({ type: 'threads.create', params: { input: typed('hi') } })
  expect(await createPrismaStore(ann.caller).loadThread(threadOf(reply))).toMatchObject({
    title: 'First',
    metadata: { kept: true },
  })
})
