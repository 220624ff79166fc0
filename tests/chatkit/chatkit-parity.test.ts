import { expect, test } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Attachment, ThreadItem, UserMessageItem, WidgetItem, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { Card, Text } from '#lib/chatkit/server/widgets/components.ts'
import { streamWidget } from '#lib/chatkit/server/widgets/stream-widget.ts'
import { kinds, message, textOf, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { chatKitServer } from '#tests/support/chatkit/chatkit-server.ts'
import { memoryStore } from '#tests/support/chatkit/memory-store.ts'

// The cases of the Python server's own suite that no other test here proves as they stand
// (docs/chatkit-parity.md).

type Script = (turn: Turn) => AsyncGenerator<ThreadStreamEvent>
const create = (more: Record<string, unknown> = {}) => ({ input: typed('hi', more) })
const say = (...texts: string[]): Script =>
  async function* (turn) {
    for (const text of texts) yield* message(turn, [text])
  }
const silent: Script = async function* () {}
const itemsOf = (data: Record<string, unknown>) => (data as { data: ThreadItem[] }).data
const at = (thread_id: string) => ({ thread_id, created_at: '2026-01-01T00:00:00Z' })
/** Runs a turn and reads the thread afterwards. */
async function firstTurn(respond: Script) {
  const { ask, store } = chatKitServer({ respond })
  const { events } = await ask('threads.create', create())
  return { events, thread: await store.loadThread(threadOf({ events })) }
}

test('the application’s context reaches its handlers unchanged', async () => {
  const context = { tenant: 'acme' }
  const seen: unknown[] = []
  const { ask } = chatKitServer<typeof context>(
    {
      respond: async function* (turn, given) {
        seen.push(given)
        yield* message(turn, ['ok'])
      },
      act: async function* (_, given) {
        seen.push(given)
        yield { type: 'progress_update', text: 'x' }
      },
    },
    context,
  )
  const thread_id = threadOf(await ask('threads.create', create()))
  await ask('threads.custom_action', { thread_id, action: { type: 'a' } })
  expect(seen).toHaveLength(2)
  for (const given of seen) expect(given).toBe(context)
})

test('a title that a turn without events sets is saved and announced last', async () => {
  const { events, thread } = await firstTurn(async function* (turn) {
    turn.thread.title = 'Set'
    yield* []
  })
  expect(kinds(events)).toEqual(['thread.created', 'thread.item.done user_message', 'stream_options', 'thread.updated'])
  expect(events.at(-1)).toMatchObject({ thread: { title: 'Set', items: { data: [], has_more: false } } })
  expect(thread.title).toBe('Set')
})

test('metadata that a turn changes is saved, and announced without its content', async () => {
  const { events, thread } = await firstTurn(async function* (turn) {
    turn.thread.metadata.state = { step: 1 }
    yield* []
  })
  expect(events.at(-1)).toMatchObject({ type: 'thread.updated', thread: { metadata: {} } })
  expect(thread.metadata).toEqual({ state: { step: 1 } })
})

test('a thread that a turn locks is saved and announced with its reason', async () => {
  const status = { type: 'locked' as const, reason: 'Enough for today.' }
  const { events, thread } = await firstTurn(async function* (turn) {
    turn.thread.status = status
    yield* []
  })
  expect(events.at(-1)).toMatchObject({ type: 'thread.updated', thread: { status } })
  expect(thread.status).toEqual(status)
})

test('image hosts that a turn allows are saved and announced', async () => {
  const { events, thread } = await firstTurn(async function* (turn) {
    turn.thread.allowed_image_domains = ['img.example.com']
    yield* []
  })
  expect(events.at(-1)).toMatchObject({
    type: 'thread.updated',
    thread: { allowed_image_domains: ['img.example.com'] },
  })
  expect(thread.allowed_image_domains).toEqual(['img.example.com'])
})

test('image hosts that were never set are left out of the JSON', async () => {
  const { events } = await firstTurn(async function* (turn) {
    turn.thread.title = 'x'
    yield* []
  })
  const threads = events.flatMap((event) =>
    event.type === 'thread.created' || event.type === 'thread.updated' ? JSON.stringify(event) : [],
  )
  expect(threads).toHaveLength(2)
  for (const json of threads) expect(json).not.toContain('allowed_image_domains')
})

test('a change during a turn is announced after the next event, and the turn goes on', async () => {
  const note = (text: string) => ({ type: 'progress_update' as const, text })
  const { events, thread } = await firstTurn(async function* (turn) {
    yield note('a')
    turn.thread.title = 'In the middle'
    yield note('b')
    yield note('c')
  })
  expect(events.slice(3).map((event) => (event.type === 'progress_update' ? event.text : event.type))).toEqual([
    'a',
    'b',
    'thread.updated',
    'c',
  ])
  expect(thread.title).toBe('In the middle')
})

test('a turn ends with a client tool call and continues with its result', async () => {
  const inputs: (string | undefined)[] = []
  const { ask, store } = chatKitServer({
    respond: async function* (turn) {
      inputs.push(turn.input?.id)
      if (!turn.input) return yield* message(turn, ['Thanks.'])
      yield {
        type: 'thread.item.done',
        item: {
          ...at(turn.thread.id),
          id: 'tc',
          type: 'client_tool_call',
          status: 'pending',
          call_id: 'c',
          name: 'locate',
          arguments: {},
        },
      }
    },
  })
  const first = await ask('threads.create', create())
  expect(kinds(first.events)).toEqual([
    'thread.created',
    'thread.item.done user_message',
    'stream_options',
    'thread.item.done client_tool_call',
  ])
  const thread_id = threadOf(first)
  const second = await ask('threads.add_client_tool_output', { thread_id, result: 'here' })
  expect(kinds(second.events).filter((kind) => !/added|updated/.test(kind))).toEqual([
    'stream_options',
    'thread.item.done assistant_message',
  ])
  expect(inputs).toEqual([expect.any(String), undefined])
  expect(await store.loadItem(thread_id, 'tc')).toMatchObject({ status: 'completed', output: 'here' })
})

test('a progress update passes through in its place', async () => {
  const { events } = await firstTurn(async function* (turn) {
    yield { type: 'progress_update', text: 'Looking it up', icon: 'search' }
    yield { type: 'thread.item.done', item: { ...at(turn.thread.id), id: 'm', type: 'assistant_message', content: [] } }
  })
  expect(kinds(events)).toEqual([
    'thread.created',
    'thread.item.done user_message',
    'stream_options',
    'progress_update',
    'thread.item.done assistant_message',
  ])
  expect(events[3]).toEqual({ type: 'progress_update', text: 'Looking it up', icon: 'search' })
})

test('threads are listed newest first, 20 per page, to the end', async () => {
  const { ask, store } = chatKitServer()
  for (let n = 0; n < 25; n += 1)
    await store.saveThread({
      id: `t${n}`,
      title: `${n}`,
      created_at: '',
      status: { type: 'active' },
      metadata: { secret: 1 },
    })
  const first = (await ask('threads.list', {})).data
  expect(itemsOf(first).map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => `t${24 - n}`))
  expect(first).toMatchObject({ has_more: true, after: 't5' })
  expect(JSON.stringify(first)).not.toContain('secret')
  const second = (await ask('threads.list', { after: first.after })).data
  expect(itemsOf(second).map(({ id }) => id)).toEqual(['t4', 't3', 't2', 't1', 't0'])
  expect(second).not.toHaveProperty('after')
})

test('items are listed newest first, 20 per page, with the person’s message last', async () => {
  const { ask } = chatKitServer({
    respond: async function* (turn) {
      for (let n = 0; n < 25; n += 1)
        yield {
          type: 'thread.item.done',
          item: { ...at(turn.thread.id), id: `m${n}`, type: 'assistant_message', content: [] },
        }
    },
  })
  const thread_id = threadOf(await ask('threads.create', create()))
  const first = (await ask('items.list', { thread_id })).data
  expect(itemsOf(first).map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => `m${24 - n}`))
  expect(first).toMatchObject({ has_more: true, after: 'm5' })
  const second = (await ask('items.list', { thread_id, after: first.after })).data
  expect(itemsOf(second).map(({ type }) => type)).toEqual([...Array(5).fill('assistant_message'), 'user_message'])
  expect(second).not.toHaveProperty('after')
})

test('an action receives the widget that it came from, and can change it', async () => {
  const heard: unknown[] = []
  const { ask, begin } = chatKitServer({
    act: async function* ({ action, sender }) {
      heard.push(action, sender)
      yield {
        type: 'thread.item.updated',
        item_id: 'w',
        update: { type: 'widget.root.updated', widget: { type: 'Card', children: [] } },
      }
    },
  })
  const thread_id = await begin({ id: 'w', type: 'widget', widget: { type: 'Card' } })
  const { events } = await ask('threads.custom_action', {
    thread_id,
    item_id: 'w',
    action: { type: 'press', payload: { n: 1 } },
  })
  expect(events).toEqual([
    { type: 'stream_options', stream_options: { allow_cancel: true } },
    {
      type: 'thread.item.updated',
      item_id: 'w',
      update: { type: 'widget.root.updated', widget: { type: 'Card', children: [] } },
    },
  ])
  expect(heard).toMatchObject([
    { type: 'press', payload: { n: 1 } },
    { id: 'w', type: 'widget' },
  ])
})

test('positive and negative feedback on a message and a widget reaches its handler', async () => {
  const heard: unknown[] = []
  const { ask, begin } = chatKitServer({ feedback: async (given) => void heard.push(given) })
  const thread_id = await begin(
    { id: 'm', type: 'assistant_message', content: [] },
    { id: 'w', type: 'widget', widget: { type: 'Card' } },
  )
  const given = [
    { thread_id, item_ids: ['m'], kind: 'positive' },
    { thread_id, item_ids: ['m', 'w'], kind: 'negative' },
  ]
  for (const each of given) expect((await ask('items.feedback', each)).data).toEqual({})
  expect(heard).toEqual(given)
})

test('a thread is read with its items, oldest first', async () => {
  const { ask } = chatKitServer({ respond: say('one', 'two') })
  const thread_id = threadOf(await ask('threads.create', create()))
  const { data } = await ask('threads.get_by_id', { thread_id })
  expect(data).toMatchObject({ id: thread_id, status: { type: 'active' }, metadata: {}, items: { has_more: false } })
  expect(itemsOf(data.items as Record<string, unknown>).map(textOf)).toEqual(['', 'one', 'two'])
})

function withFiles(attachment: Attachment) {
  const deleted: string[] = []
  return {
    deleted,
    ...chatKitServer({ files: { create: async () => attachment, delete: async (id) => void deleted.push(id) } }),
  }
}
const upload_descriptor = { url: 'https://files.example/atc', method: 'PUT' as const, headers: { 'x-key': 'v' } }
const file: Attachment = {
  type: 'file',
  id: 'atc',
  name: 'a.txt',
  mime_type: 'text/plain',
  upload_descriptor,
  metadata: { secret: 1 },
}
const image: Attachment = { ...file, type: 'image', mime_type: 'image/png', preview_url: 'https://files.example/p' }

test.each([file, image])(
  'a new $type attachment is returned with its upload address and without its server metadata',
  async (attachment) => {
    const { ask, store } = withFiles(attachment)
    const { metadata, ...told } = attachment
    expect((await ask('attachments.create', { name: 'a', size: 3, mime_type: attachment.mime_type })).data).toEqual(
      told,
    )
    expect((await store.attachments.load('atc')).metadata).toEqual(metadata)
  },
)

test('attachments of a message are returned without their server metadata', async () => {
  const { ask, store } = withFiles(file)
  await store.attachments.save(file)
  const thread_id = threadOf(await ask('threads.create', create({ attachments: ['atc'] })))
  const [said] = itemsOf((await ask('items.list', { thread_id, order: 'asc' })).data) as UserMessageItem[]
  expect(said?.attachments).toMatchObject([{ id: 'atc', name: 'a.txt' }])
  expect(said?.attachments[0]).not.toHaveProperty('metadata')
})

test.each(['threads.create', 'threads.add_user_message'])(
  'an attachment is bound to its thread by %s',
  async (operation) => {
    const { ask, begin, store } = withFiles(file)
    await store.attachments.save(file)
    const thread_id = operation === 'threads.create' ? undefined : await begin()
    const { events } = await ask(operation, { thread_id, ...create({ attachments: ['atc'] }) })
    expect((await store.attachments.load('atc')).thread_id).toBe(thread_id ?? threadOf({ events }))
  },
)

test('an attachment cannot be created without an attachment store', async () => {
  const { ask } = chatKitServer()
  await expect(ask('attachments.create', { name: 'a', size: 1, mime_type: 'text/plain' })).rejects.toThrow(
    'This server takes no attachments.',
  )
})

test('deleting an attachment deletes its bytes and its record', async () => {
  const { ask, store, deleted } = withFiles(file)
  await store.attachments.save(file)
  expect((await ask('attachments.delete', { attachment_id: 'atc' })).data).toEqual({})
  expect(deleted).toEqual(['atc'])
  await expect(store.attachments.load('atc')).rejects.toMatchObject({ code: 'not_found' })
})

test('an attachment cannot be deleted without an attachment store', async () => {
  const { ask } = chatKitServer()
  await expect(ask('attachments.delete', { attachment_id: 'atc' })).rejects.toThrow('This server takes no attachments.')
})

test('a cursor leads through the threads page by page', async () => {
  const { ask, store } = chatKitServer()
  for (const id of ['a', 'b', 'c'])
    await store.saveThread({ id, created_at: '', status: { type: 'active' }, metadata: {} })
  const pages: string[][] = []
  let after: unknown
  do {
    const { data } = await ask('threads.list', { limit: 1, order: 'asc', ...(after ? { after } : {}) })
    pages.push(itemsOf(data).map(({ id }) => id))
    after = data.after
  } while (after)
  expect(pages).toEqual([['a'], ['b'], ['c']])
})

test('a new title is saved and returned with the thread', async () => {
  const { ask, begin, store } = chatKitServer()
  const thread_id = await begin()
  expect((await ask('threads.update', { thread_id, title: 'Renamed' })).data).toMatchObject({
    id: thread_id,
    title: 'Renamed',
    items: { data: [] },
  })
  expect((await store.loadThread(thread_id)).title).toBe('Renamed')
})

async function* states(...values: string[]): AsyncGenerator<WidgetRoot> {
  for (const value of values) yield Card({ children: [Text({ id: 't', value, streaming: true })] })
}
const widgetTurn = (source: () => AsyncIterable<WidgetRoot>): Script =>
  async function* ({ thread, store }) {
    yield* streamWidget({ thread, newItemId: (kind) => store.newItemId(kind) }, source())
  }

test('a widget that streams is added empty, gets three deltas, and is done in its last state', async () => {
  const { events } = await firstTurn(widgetTurn(() => states('', 'Hel', 'Hello', 'Hello!')))
  const own = events.slice(3)
  expect(own.map((event) => (event.type === 'thread.item.updated' ? event.update : event.type))).toEqual([
    'thread.item.added',
    ...['Hel', 'lo', '!'].map((delta) => ({
      type: 'widget.streaming_text.value_delta',
      component_id: 't',
      delta,
      done: false,
    })),
    'thread.item.done',
  ])
  expect((own.at(-1) as { item: WidgetItem }).item.widget).toMatchObject({ children: [{ value: 'Hello!' }] })
})

test('a widget whose text is replaced is updated as a whole', async () => {
  const { events } = await firstTurn(widgetTurn(() => states('Hello', 'Bye')))
  expect(events[4]).toMatchObject({ update: { type: 'widget.root.updated', widget: { children: [{ value: 'Bye' }] } } })
  expect(kinds(events).slice(3)).toEqual(['thread.item.added widget', 'thread.item.updated', 'thread.item.done widget'])
})

test('a deleted thread is no longer found', async () => {
  const { ask, begin } = chatKitServer()
  const thread_id = await begin()
  expect((await ask('threads.delete', { thread_id })).data).toEqual({})
  await expect(ask('threads.get_by_id', { thread_id })).rejects.toMatchObject({ code: 'not_found' })
})

const note = (id: string, text: string): Script =>
  async function* (turn) {
    yield {
      type: 'thread.item.done',
      item: {
        ...at(turn.thread.id),
        id,
        type: 'assistant_message',
        content: [{ type: 'output_text', text, annotations: [] }],
      },
    }
  }

test('an item that a turn removes is deleted, and the client is told', async () => {
  const { ask, store } = chatKitServer({
    respond: async function* (turn) {
      yield* note('m', 'x')(turn)
      yield { type: 'thread.item.removed', item_id: 'm' }
    },
  })
  const { events } = await ask('threads.create', create())
  expect(events.at(-1)).toEqual({ type: 'thread.item.removed', item_id: 'm' })
  await expect(store.loadItem(threadOf({ events }), 'm')).rejects.toMatchObject({ code: 'not_found' })
})

test('a turn that throws ends with an error that can be retried', async () => {
  const failures: unknown[] = []
  const broken = new Error('the secret reason')
  const { ask } = chatKitServer({
    // biome-ignore lint/correctness/useYield: it throws before its first event
    respond: async function* () {
      throw broken
    },
    onFailure: (error) => void failures.push(error),
  })
  const { events } = await ask('threads.create', create())
  expect(kinds(events)).toEqual(['thread.created', 'thread.item.done user_message', 'stream_options', 'error'])
  expect(events.at(-1)).toEqual({ type: 'error', code: 'stream.error', allow_retry: true })
  expect(failures).toEqual([broken])
})

test.each<[string, Partial<ThreadItem>]>([
  ['an item of another type', { type: 'task', task: { type: 'custom', status_indicator: 'none', title: 'T' } }],
  ['a widget', { type: 'widget', widget: { type: 'Card', children: [] } }],
])('an item that a turn replaces with %s is replaced for the client and in the store', async (_, other) => {
  const { ask, store } = chatKitServer({
    respond: async function* (turn) {
      yield* note('m', 'x')(turn)
      yield { type: 'thread.item.replaced', item: { ...at(turn.thread.id), id: 'm', ...other } as ThreadItem }
    },
  })
  const { events } = await ask('threads.create', create())
  expect(events.at(-1)).toMatchObject({ type: 'thread.item.replaced', item: { id: 'm', ...other } })
  expect(await store.loadItem(threadOf({ events }), 'm')).toMatchObject(other)
})

/** A server that records the input of each turn. */
function recorded(extra: Partial<Deps<void>> = {}) {
  const inputs: (UserMessageItem | null)[] = []
  const respond: Script = async function* (turn) {
    inputs.push(turn.input)
    yield* note(turn.store.newItemId('message'), `answer ${inputs.length}`)(turn)
  }
  return { inputs, ...chatKitServer({ respond, ...extra }) }
}

test('a retry deletes what followed the message and answers the same message', async () => {
  const { ask, inputs } = recorded()
  const thread_id = threadOf(await ask('threads.create', create()))
  const item_id = inputs[0]?.id
  const { events } = await ask('threads.retry_after_item', { thread_id, item_id })
  expect(kinds(events)).toEqual(['stream_options', 'thread.item.done assistant_message'])
  expect(inputs[1]).toEqual(inputs[0])
  expect(itemsOf((await ask('items.list', { thread_id, order: 'asc' })).data).map(textOf)).toEqual(['', 'answer 2'])
})

test('a retry of an item that is not a user message is refused', async () => {
  const { ask, begin } = recorded()
  const thread_id = await begin({ id: 'other', type: 'assistant_message', content: [] })
  await expect(ask('threads.retry_after_item', { thread_id, item_id: 'other' })).rejects.toThrow(
    'other is not a user message',
  )
})

test('a retry of an earlier message keeps what came before it', async () => {
  const { ask, inputs } = recorded()
  const thread_id = threadOf(await ask('threads.create', create()))
  for (const text of ['second', 'third']) await ask('threads.add_user_message', { thread_id, input: typed(text) })
  await ask('threads.retry_after_item', { thread_id, item_id: inputs[1]?.id })
  const items = itemsOf((await ask('items.list', { thread_id, order: 'asc' })).data)
  expect(items.map((item) => (item.type === 'user_message' ? item.content[0]?.text : textOf(item)))).toEqual([
    'hi',
    'answer 1',
    'second',
    'answer 4',
  ])
})

const CHOSEN = { inference_options: { tool_choice: { id: 'search' }, model: 'gpt-x' } }

test('the tool that the person chose reaches the first answer', async () => {
  const { ask, inputs } = recorded()
  await ask('threads.create', create(CHOSEN))
  expect(inputs[0]).toMatchObject(CHOSEN)
})

test('the tool that the person chose reaches the answer to a later message', async () => {
  const { ask, inputs, begin } = recorded()
  const thread_id = await begin()
  await ask('threads.add_user_message', { thread_id, input: typed('more', CHOSEN) })
  expect(inputs.map((input) => input?.inference_options)).toEqual([{}, CHOSEN.inference_options])
})

test('the tool that the person chose reaches the retried answer', async () => {
  const { ask, inputs } = recorded()
  const thread_id = threadOf(await ask('threads.create', create(CHOSEN)))
  await ask('threads.retry_after_item', { thread_id, item_id: inputs[0]?.id })
  expect(inputs).toHaveLength(2)
  expect(inputs[1]).toMatchObject(CHOSEN)
})

test('speech arrives decoded, with its full type and its type without parameters', async () => {
  const heard: { data: Uint8Array; mimeType: string; mediaType: string }[] = []
  const { ask } = chatKitServer({
    transcribe: async (audio) => {
      heard.push(audio)
      return { text: 'hello' }
    },
  })
  const audio_base64 = Buffer.from([0, 255, 7]).toString('base64')
  expect((await ask('input.transcribe', { audio_base64, mime_type: 'audio/webm;codecs=opus' })).data).toEqual({
    text: 'hello',
  })
  expect(heard).toMatchObject([{ mimeType: 'audio/webm;codecs=opus', mediaType: 'audio/webm' }])
  expect([...(heard[0]?.data ?? [])]).toEqual([0, 255, 7])
})

test('ids of threads and messages come from the store', async () => {
  const store = { ...memoryStore(), newThreadId: () => 'thread-7', newItemId: (kind: string) => `${kind}-7` }
  const { events } = await chatKitServer({ store, respond: silent }).ask('threads.create', create())
  expect(events).toMatchObject([
    { thread: { id: 'thread-7' } },
    { item: { id: 'message-7', thread_id: 'thread-7' } },
    {},
  ])
})

test('an answered form is stored and answered without a user message', async () => {
  const inputs: unknown[] = []
  const { ask, begin, store } = chatKitServer({
    respond: async function* (turn) {
      inputs.push(turn.input)
      yield* note('after', 'Noted.')(turn)
    },
  })
  const inputsOf = [
    { type: 'multiple_choice', id: 'q', question: 'Which?', options: [{ value: 'A' }], multiple: false },
  ]
  const thread_id = await begin({ id: 'form', type: 'structured_input', status: 'pending', inputs: inputsOf })
  const { events } = await ask('threads.add_structured_input', {
    thread_id,
    item_id: 'form',
    input: { answers: { q: { values: ['My own'] } } },
  })
  expect(kinds(events)).toEqual([
    'stream_options',
    'thread.item.replaced structured_input',
    'thread.item.done assistant_message',
  ])
  expect(events[1]).toMatchObject({
    item: { status: 'answered', inputs: [{ answer: { values: ['My own'], skipped: false } }] },
  })
  expect(await store.loadItem(thread_id, 'form')).toMatchObject({ status: 'answered' })
  expect(inputs.at(-1)).toBeNull()
})
