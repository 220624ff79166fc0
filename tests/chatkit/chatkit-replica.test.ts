import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ThreadItemUpdate, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import { closeAbandoned } from '#lib/chatkit/server/pipeline/close-abandoned.ts'
import { processChatKit } from '#lib/chatkit/server/process-request.ts'
import { applyEvent, beginTurn, dropAfter, endTurn } from '#lib/chatkit-element/state/reducer.ts'
import { emptyView, type ThreadView } from '#lib/chatkit-element/state/view.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'
import { memoryStore } from '#tests/support/chatkit/memory-store.ts'

// Whatever a turn does and however it ends, the stream, read by the element's own reducer, gives
// what the store lists.

/** One move of a scripted turn, about one of a few items. */
type Move =
  | { kind: 'add' | 'done' | 'replace'; slot: number; item: Shape }
  | { kind: 'update'; slot: number; update: ThreadItemUpdate }
  | { kind: 'remove'; slot: number }
  | { kind: 'title'; title: string }
  | { kind: 'progress' }
type Shape = Pick<ThreadItem, 'type'> & Record<string, unknown>
type Turn = { moves: Move[]; end: 'normal' | 'throws' | 'stopped'; retry: boolean }

const text = fc.constantFrom('', ' ', 'Hello', 'and more', '🙂')
const task = fc.record({
  type: fc.constant('custom' as const),
  status_indicator: fc.constantFrom('loading' as const, 'complete' as const),
  title: text,
})
const part = text.map((value) => ({ type: 'output_text' as const, text: value, annotations: [] }))
const card = fc.record({
  type: fc.constant('Card'),
  children: fc.array(fc.record({ type: fc.constant('Text'), id: fc.constantFrom('t', 'u'), value: text }), {
    maxLength: 2,
  }),
})
const shape: fc.Arbitrary<Shape> = fc.oneof(
  fc.record({ type: fc.constant('assistant_message' as const), content: fc.array(part, { maxLength: 2 }) }),
  fc.record({
    type: fc.constant('workflow' as const),
    workflow: fc.record({
      type: fc.constant('custom'),
      tasks: fc.array(task, { maxLength: 2 }),
      expanded: fc.boolean(),
    }),
  }),
  fc.record({ type: fc.constant('widget' as const), widget: card }),
  fc.constant({ type: 'generated_image' as const }),
  fc.record({ type: fc.constant('task' as const), task }),
  fc.constant({ type: 'hidden_context_item' as const, content: 'secret' }),
  fc.constant({ type: 'end_of_turn' as const }),
)
const update: fc.Arbitrary<ThreadItemUpdate> = fc.oneof(
  fc.record({
    type: fc.constant('assistant_message.content_part.text_delta' as const),
    content_index: fc.nat(2),
    delta: text,
  }),
  fc.record({
    type: fc.constantFrom(
      'assistant_message.content_part.added' as const,
      'assistant_message.content_part.done' as const,
    ),
    content_index: fc.nat(2),
    content: part,
  }),
  fc.record({ type: fc.constant('workflow.task.added' as const), task_index: fc.nat(2), task }),
  fc.record({ type: fc.constant('workflow.task.updated' as const), task_index: fc.nat(2), task }),
  fc.record({ type: fc.constant('widget.root.updated' as const), widget: card }),
  fc.record({
    type: fc.constant('widget.streaming_text.value_delta' as const),
    component_id: fc.constantFrom('t', 'u'),
    delta: text,
    done: fc.boolean(),
  }),
  fc.constant({ type: 'generated_image.updated' as const, image: { id: 'i', url: 'data:,' }, progress: 0.5 }),
)
const slot = fc.nat(3)
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), slot, item: shape }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('done' as const), slot, item: shape }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('update' as const), slot, update }) },
  fc.record({ kind: fc.constant('replace' as const), slot, item: shape }),
  fc.record({ kind: fc.constant('remove' as const), slot }),
  fc.record({ kind: fc.constant('title' as const), title: fc.constantFrom('A', ' B ', '') }),
  fc.constant({ kind: 'progress' as const }),
)
const turn: fc.Arbitrary<Turn> = fc.record({
  moves: fc.array(move, { maxLength: 12 }),
  end: fc.constantFrom('normal', 'normal', 'throws', 'stopped'),
  retry: fc.boolean(),
})

/**
 * The events that a well-behaved server sends for a turn's moves: an item begins once, and is
 * updated only while it is open.
 */
function* events({ moves }: Turn, number: number, thread: Thread, known: Set<string>): Generator<ThreadStreamEvent> {
  const open = new Map<string, Shape>()
  for (const step of moves) {
    if (step.kind === 'progress') yield { type: 'progress_update', text: 'x' }
    else if (step.kind === 'title') thread.title = step.title || undefined
    else {
      const id = `${number}-${step.slot}`
      const item = (about: Shape) =>
        ({ id, thread_id: thread.id, created_at: '2026-01-01T00:00:00Z', ...about }) as ThreadItem
      const begun = open.get(id)
      if (step.kind === 'add' && !known.has(id)) {
        open.set(id, step.item)
        known.add(id)
        yield { type: 'thread.item.added', item: item(step.item) }
      } else if (step.kind === 'update' && begun)
        yield { type: 'thread.item.updated', item_id: id, update: step.update }
      else if (step.kind === 'done' && (begun || !known.has(id))) {
        open.delete(id)
        known.add(id)
        yield {
          type: 'thread.item.done',
          item: item(begun && begun.type !== step.item.type ? begun : step.item),
        }
      } else if (step.kind === 'replace' && known.has(id) && !begun)
        yield { type: 'thread.item.replaced', item: item(step.item) }
      else if (step.kind === 'remove' && known.has(id)) {
        open.delete(id)
        yield { type: 'thread.item.removed', item_id: id }
      }
    }
  }
}

async function play(turns: Turn[]): Promise<{ view: ThreadView; stored: ThreadItem[]; title: string | undefined }> {
  const store = memoryStore()
  let view = emptyView
  let threadId = ''
  let lastMessage = ''
  for (const [number, script] of turns.entries()) {
    const stop = new AbortController()
    const known = new Set<string>()
    const deps: Deps<void> = {
      store,
      limits: { messageMaxChars: 100 },
      respond: async function* ({ thread }) {
        yield* events(script, number, thread, known)
        if (script.end === 'throws') throw new Error('as scripted')
        if (script.end === 'stopped') stop.abort()
      },
    }
    const again = script.retry && lastMessage
    const body = again
      ? { type: 'threads.retry_after_item', params: { thread_id: threadId, item_id: lastMessage } }
      : threadId
        ? { type: 'threads.add_user_message', params: { thread_id: threadId, input: typed('more') } }
        : { type: 'threads.create', params: { input: typed('hi') } }
    if (again) view = dropAfter(view, lastMessage)
    const answer = await processChatKit(body, deps)
    if (answer.kind !== 'turn') throw new Error('not a turn')
    threadId = answer.threadId
    view = beginTurn(view)
    for await (const event of (await answer.begin())(stop.signal)) {
      if (event.type === 'thread.item.done' && event.item.type === 'user_message') lastMessage = event.item.id
      view = applyEvent(view, JSON.parse(JSON.stringify(event)))
    }
    view = endTurn(view)
  }
  const { data } = await store.listItems(threadId, { limit: 1_000, order: 'asc', visible: true })
  return { view, stored: data, title: (await store.loadThread(threadId)).title }
}

/**
 * The outcome of a turn comes from its run, which this store does not have
 * (tests/runs/turn-outcomes.test.ts).
 */
function withoutOutcomes(items: readonly ThreadItem[]): object[] {
  return items.map((item) => ({ ...item, outcome: undefined }))
}

test('the client ends up with what the store lists, whatever turns do and however they end', {
  timeout: 60_000,
}, async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 4 }), async (turns) => {
      const { view, stored, title } = await play(turns)
      expect(withoutOutcomes(view.items)).toEqual(stored)
      expect(view.thread?.title).toBe(title)
      expect([view.open.size, view.rebuilding.size]).toEqual([0, 0])
      expect(JSON.stringify(view)).not.toContain('secret')
      compared += stored.length
    }),
    { numRuns: 1_000 },
  )
  expect(compared).toBeGreaterThan(1_000)
})

test('after a process dies at any moment and its run is closed, the store has what the client saw', {
  timeout: 60_000,
}, async () => {
  // The first event, thread.created, comes when the thread and the message are stored.
  const cut = fc.record({
    script: turn,
    after: fc.integer({ min: 2, max: 15 }),
    failure: fc.constantFrom('It broke.', undefined),
  })
  await fc.assert(
    fc.asyncProperty(cut, async ({ script, after, failure }) => {
      const store = memoryStore()
      const deps: Deps<void> = {
        store,
        limits: { messageMaxChars: 100 },
        respond: async function* ({ thread }) {
          yield* events(script, 0, thread, new Set())
        },
      }
      const answer = await processChatKit({ type: 'threads.create', params: { input: typed('hi') } }, deps)
      if (answer.kind !== 'turn') throw new Error('not a turn')
      const running = (await answer.begin())(new AbortController().signal)
      const told: ThreadStreamEvent[] = []
      for (let next = await running.next(); !next.done; next = await running.next())
        if (told.push(next.value) === after) break
      const { threadId } = answer
      const { items, gone, closing } = closeAbandoned(told, { threadId, noteId: 'note', failure })
      for (const item of items) await store.saveItem(threadId, item)
      for (const id of gone) await store.deleteItem(threadId, id)
      const view = endTurn([...told, ...closing].reduce(applyEvent, beginTurn(emptyView)))
      const { data } = await store.listItems(threadId, { limit: 100, order: 'asc', visible: true })
      expect(withoutOutcomes(view.items)).toEqual(data)
    }),
    { numRuns: 1_000 },
  )
})
