import { expect, test } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { processChatKit } from '#lib/chatkit/server/process-request.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { AppError } from '#lib/platform/errors.ts'
import { kinds, textOf, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { memoryStore } from '#tests/support/chatkit/memory-store.ts'

// A turn that ends early: stopped by the person, ended by the server, failed, or closed because its
// reader left.

const NOTE = 'The user cancelled the stream. Stop responding to the prior request.'
const NOW = new Date().toISOString()

const assistant = (thread_id: string, id: string, text: string): ThreadItem => ({
  id,
  thread_id,
  created_at: NOW,
  type: 'assistant_message',
  content: text ? [{ type: 'output_text', text, annotations: [] }] : [],
})

const delta = (item_id: string, text: string): ThreadStreamEvent => ({
  type: 'thread.item.updated',
  item_id,
  update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: text },
})

const workflow = (thread_id: string, tasks: string[]): ThreadItem => ({
  id: 'wf',
  thread_id,
  created_at: NOW,
  type: 'workflow',
  workflow: {
    type: 'custom',
    tasks: tasks.map((title) => ({ type: 'custom', title, status_indicator: 'loading' })),
    expanded: true,
  },
})

/**
 * Runs a turn. Stops it for `reason`, or closes its stream, once an event contains the text
 * `after`.
 */
async function turnOf(
  respond: (turn: Turn) => AsyncIterable<ThreadStreamEvent>,
  end?: { after: string; reason?: unknown; close?: boolean },
) {
  const store = memoryStore()
  const failures: unknown[] = []
  const deps = {
    store,
    respond,
    limits: { messageMaxChars: 100 },
    onFailure: (error: unknown) => void failures.push(error),
  }
  const answer = await processChatKit({ type: 'threads.create', params: { input: typed('hi') } }, deps)
  if (answer.kind !== 'turn') throw new Error('no turn')
  const stop = new AbortController()
  const events: ThreadStreamEvent[] = []
  const stream = (await answer.begin())(stop.signal)
  for await (const event of stream) {
    events.push(event)
    if (!end || !JSON.stringify(event).includes(end.after)) continue
    if (end.close) break
    stop.abort(end.reason)
  }
  const thread_id = threadOf({ events })
  const { data: items } = await store.listItems(thread_id, { limit: 50, order: 'asc' })
  return { events, items, failures, thread: await store.loadThread(thread_id) }
}

/** Waits until aborted, then throws as a model client does. */
async function hang(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  throw new Error('Request was aborted.')
}

test('a stop keeps the streamed text, stores it at once and tells the model', async () => {
  const { events, items, failures } = await turnOf(
    async function* ({ thread, signal }) {
      yield { type: 'thread.item.added', item: assistant(thread.id, 'a', 'Hello, ') }
      yield delta('a', 'World!')
      await hang(signal)
    },
    { after: 'World!' },
  )
  expect(kinds(events).at(-1)).toBe('thread.item.done assistant_message')
  expect(items.map(({ type }) => type)).toEqual(['user_message', 'assistant_message', 'sdk_hidden_context'])
  expect(textOf(items[1])).toBe('Hello, World!')
  expect(items[2]).toMatchObject({ content: NOTE })
  expect(failures).toEqual([])
})

test('an answer without text is removed if it is stopped, and the client is told', async () => {
  const { events, items } = await turnOf(
    async function* ({ thread, signal }) {
      yield { type: 'thread.item.added', item: assistant(thread.id, 'a', '') }
      yield { type: 'progress_update', text: 'now' }
      await hang(signal)
    },
    { after: 'now' },
  )
  expect(events.at(-1)).toEqual({ type: 'thread.item.removed', item_id: 'a' })
  expect(items.map(({ type }) => type)).toEqual(['user_message', 'sdk_hidden_context'])
})

test('a workflow that was shown is kept and closed, with no task left loading', async () => {
  const { items } = await turnOf(
    async function* ({ thread, signal }) {
      yield { type: 'thread.item.added', item: workflow(thread.id, ['one']) }
      const task = { type: 'custom' as const, title: 'two', status_indicator: 'complete' as const }
      yield { type: 'thread.item.updated', item_id: 'wf', update: { type: 'workflow.task.added', task_index: 1, task } }
      yield {
        type: 'thread.item.updated',
        item_id: 'wf',
        update: { type: 'workflow.task.updated', task_index: 9, task },
      }
      yield { type: 'progress_update', text: 'now' }
      await hang(signal)
    },
    { after: 'now' },
  )
  expect(items[1]).toMatchObject({
    workflow: {
      expanded: false,
      summary: { duration: expect.any(Number) },
      tasks: [
        { title: 'one', status_indicator: 'none' },
        { title: 'two', status_indicator: 'complete' },
      ],
    },
  })
})

test('a finished workflow has each of its tasks once, even if the source mutates its own item', async () => {
  const { events, items } = await turnOf(async function* ({ thread }) {
    const item = workflow(thread.id, ['one']) as Extract<ThreadItem, { type: 'workflow' }>
    yield { type: 'thread.item.added', item }
    const task = { type: 'custom' as const, title: 'two', status_indicator: 'none' as const }
    item.workflow.tasks.push(task)
    yield { type: 'thread.item.updated', item_id: 'wf', update: { type: 'workflow.task.added', task_index: 1, task } }
    yield { type: 'thread.item.done', item }
  })
  const done = events.find((event) => event.type === 'thread.item.done' && event.item.type === 'workflow')
  expect(done).toMatchObject({ item: { workflow: { tasks: [{ title: 'one' }, { title: 'two' }] } } })
  expect(items[1]).toMatchObject({ workflow: { tasks: [{ title: 'one' }, { title: 'two' }] } })
})

test('a source that ignores the stop is abandoned, and its later events are dropped', async () => {
  const { events, items } = await turnOf(
    async function* ({ thread }) {
      yield { type: 'thread.item.added', item: assistant(thread.id, 'a', 'One') }
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        yield delta('a', ' more')
      }
    },
    { after: '" more"' },
  )
  expect(events.filter(({ type }) => type === 'thread.item.updated')).toHaveLength(1)
  expect(textOf(items[1])).toBe('One more')
})

test('a source that never yields again is abandoned', async () => {
  const { items } = await turnOf(
    async function* () {
      yield { type: 'progress_update', text: 'now' }
      await new Promise(() => undefined)
    },
    { after: 'now' },
  )
  expect(items.at(-1)).toMatchObject({ content: NOTE })
})

test('a source can close its own items after a stop, but cannot begin new ones', async () => {
  const { events, items } = await turnOf(
    async function* ({ thread, signal }) {
      yield { type: 'thread.item.added', item: assistant(thread.id, 'a', 'Half') }
      yield { type: 'progress_update', text: 'now' }
      await hang(signal).catch(() => undefined)
      yield { type: 'thread.item.done', item: assistant(thread.id, 'a', 'Half, cut') }
      yield {
        type: 'thread.item.done',
        item: { id: 'h', thread_id: thread.id, created_at: NOW, type: 'hidden_context_item', content: 1 },
      }
      yield { type: 'thread.item.done', item: assistant(thread.id, 'b', 'Something new') }
    },
    { after: 'now' },
  )
  expect(kinds(events).slice(-1)).toEqual(['thread.item.done assistant_message'])
  expect(items.map(({ id, type }) => (type === 'user_message' ? type : id.split('_')[0]))).toEqual([
    'user_message',
    'a',
    'h',
    expect.stringMatching(/^s/),
  ])
  expect(textOf(items[1])).toBe('Half, cut')
})

test('changes to the thread survive a stop', async () => {
  const { thread, events } = await turnOf(
    async function* ({ thread, signal }) {
      yield { type: 'progress_update', text: 'now' }
      thread.title = 'Set late'
      await hang(signal)
    },
    { after: 'now' },
  )
  expect(thread.title).toBe('Set late')
  expect(events.at(-1)).toMatchObject({ type: 'thread.updated', thread: { title: 'Set late' } })
})

test('a turn that the server ends has an error with its sentence, and no note that the person stopped it', async () => {
  const reason = new AppError('unavailable', 'The server is restarting. Try again in a moment.')
  const { events, items, failures } = await turnOf(
    async function* ({ thread, signal }) {
      yield { type: 'thread.item.added', item: assistant(thread.id, 'a', 'Hello') }
      await hang(signal)
    },
    { after: 'Hello', reason },
  )
  expect(events.at(-1)).toEqual({ type: 'error', code: 'custom', message: reason.message, allow_retry: true })
  expect(items.map(({ type }) => type)).toEqual(['user_message', 'assistant_message'])
  expect(failures).toEqual([reason])
})

test('a failing turn keeps its text, closes it before the error, and saves changes to the thread', async () => {
  const broken = new Error('a private cause')
  const { events, items, thread, failures } = await turnOf(async function* ({ thread }) {
    yield { type: 'thread.item.added', item: assistant(thread.id, 'a', 'Hello') }
    yield {
      type: 'thread.item.added',
      item: { id: 'img', thread_id: thread.id, created_at: NOW, type: 'generated_image' },
    }
    thread.title = 'Changed'
    throw broken
  })
  expect(kinds(events).slice(-4)).toEqual([
    'thread.item.done assistant_message',
    'thread.item.removed',
    'error',
    'thread.updated',
  ])
  expect(events.at(-2)).toEqual({ type: 'error', code: 'stream.error', allow_retry: true })
  expect(JSON.stringify(events)).not.toContain('private')
  expect([textOf(items.at(-1)), thread.title, failures]).toEqual(['Hello', 'Changed', [broken]])
})

test('a stream that is closed from outside keeps its text', async () => {
  const { items } = await turnOf(
    async function* ({ thread }) {
      yield { type: 'thread.item.added', item: assistant(thread.id, 'a', 'Hello') }
      yield { type: 'progress_update', text: 'now' }
      yield delta('a', ' and more')
    },
    { after: 'now', close: true },
  )
  expect(items.map(({ type }) => type)).toEqual(['user_message', 'assistant_message', 'sdk_hidden_context'])
  expect(textOf(items[1])).toBe('Hello')
})
