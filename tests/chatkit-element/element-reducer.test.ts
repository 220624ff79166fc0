import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ThreadItemUpdate, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type {
  AssistantMessageItem,
  GeneratedImageItem,
  Task,
  ThreadItem,
  UserMessageItem,
  WidgetItem,
  WorkflowItem,
} from '#lib/chatkit/protocol/items.ts'
import { toSpokenText } from '#lib/chatkit-element/state/plain-text.ts'
import { toCaughtUpView, toLoadedView } from '#lib/chatkit-element/state/read-view.ts'
import {
  addLocalMessage,
  applyEvent,
  beginTurn,
  dropAfter,
  dropMessage,
  endTurn,
} from '#lib/chatkit-element/state/reducer.ts'
import { groupByTurn } from '#lib/chatkit-element/state/turn-groups.ts'
import { emptyView, makeLocalId, type ThreadView } from '#lib/chatkit-element/state/view.ts'

const base = { thread_id: 'thr_1', created_at: '2026-01-02T03:04:05.000Z' }
const user = (id: string, text = 'Hello'): UserMessageItem => ({
  ...base,
  type: 'user_message',
  id,
  content: [{ type: 'input_text', text }],
  attachments: [],
  inference_options: {},
})
const said = (id: string, ...texts: string[]): AssistantMessageItem => ({
  ...base,
  type: 'assistant_message',
  id,
  content: texts.map((text) => ({ type: 'output_text', text, annotations: [] })),
})
const task = (title: string, status_indicator: Task['status_indicator'] = 'complete'): Task => ({
  type: 'custom',
  title,
  status_indicator,
})
const work = (id: string, ...tasks: Task[]): WorkflowItem => ({
  ...base,
  type: 'workflow',
  id,
  workflow: { type: 'custom', tasks, expanded: false },
})
const widget = (id: string, root: WidgetItem['widget']): WidgetItem => ({ ...base, type: 'widget', id, widget: root })
const image = (id: string): GeneratedImageItem => ({ ...base, type: 'generated_image', id })
const thread = (title?: string) => ({
  id: 'thr_1',
  created_at: base.created_at,
  status: { type: 'active' as const },
  metadata: {},
  items: { data: [], has_more: false },
  ...(title && { title }),
})

const added = (item: ThreadItem): ThreadStreamEvent => ({ type: 'thread.item.added', item })
const done = (item: ThreadItem): ThreadStreamEvent => ({ type: 'thread.item.done', item })
const updated = (item_id: string, update: ThreadItemUpdate): ThreadStreamEvent => ({
  type: 'thread.item.updated',
  item_id,
  update,
})
const delta = (id: string, text: string, content_index = 0) =>
  updated(id, { type: 'assistant_message.content_part.text_delta', content_index, delta: text })
const apply = (view: ThreadView, ...events: ThreadStreamEvent[]) => events.reduce(applyEvent, view)
const textOf = (view: ThreadView, id: string) => {
  const item = view.items.find((one) => one.id === id)
  return item?.type === 'assistant_message' ? item.content.map((part) => part.text).join('|') : undefined
}

describe('one event at a time', () => {
  test('a thread that is created or updated keeps the items that are shown', () => {
    const view = apply(
      emptyView,
      done(user('m1')),
      { type: 'thread.created', thread: thread() },
      { type: 'thread.updated', thread: thread('Milk') },
    )
    expect(view.thread).toEqual({ id: 'thr_1', title: 'Milk', status: { type: 'active' } })
    expect(view.items).toHaveLength(1)
  })

  test('text grows part by part, even if a part was never added', () => {
    const view = apply(emptyView, added(said('a1')), delta('a1', 'Good '), delta('a1', 'day'), delta('a1', 'Second', 1))
    expect(textOf(view, 'a1')).toBe('Good day|Second')
    expect(view.open.has('a1')).toBe(true)
    expect(apply(view, done(said('a1', 'Good day', 'Second'))).open.size).toBe(0)
  })

  test('a part is replaced when it is added or done, and annotations are inserted at their index', () => {
    const annotation = (title: string) => ({
      type: 'annotation' as const,
      index: 1,
      source: { type: 'file' as const, title, filename: title },
    })
    const note = (annotation_index: number, title: string): ThreadItemUpdate => ({
      type: 'assistant_message.content_part.annotation_added',
      content_index: 0,
      annotation_index,
      annotation: annotation(title),
    })
    const part = { type: 'output_text' as const, text: 'Hi', annotations: [] }
    let view = apply(
      emptyView,
      added(said('a1')),
      updated('a1', { type: 'assistant_message.content_part.added', content_index: 0, content: part }),
    )
    view = apply(view, updated('a1', note(0, 'b')), updated('a1', note(0, 'a')))
    expect(view.items[0]).toMatchObject({ content: [{ text: 'Hi', annotations: [annotation('a'), annotation('b')] }] })
    view = apply(
      view,
      updated('a1', {
        type: 'assistant_message.content_part.done',
        content_index: 0,
        content: { ...part, text: 'Bye' },
      }),
    )
    expect(view.items[0]).toMatchObject({ content: [{ text: 'Bye', annotations: [] }] })
  })

  test('tasks are added and updated in place, and an impossible index is ignored', () => {
    const view = apply(
      emptyView,
      added(work('w1', task('a', 'loading'))),
      updated('w1', { type: 'workflow.task.updated', task_index: 0, task: task('a') }),
      updated('w1', { type: 'workflow.task.added', task_index: 1, task: task('b', 'loading') }),
      updated('w1', { type: 'workflow.task.updated', task_index: 7, task: task('nonsense') }),
    )
    expect(view.items[0]).toMatchObject({ workflow: { tasks: [task('a'), task('b', 'loading')] } })
  })

  test('widgets change as a whole, by component and by streamed text, also inside a Transition', () => {
    const root = {
      type: 'Card',
      children: [
        { type: 'Text', id: 't', value: 'Hel' },
        { type: 'Transition', children: { type: 'Text', id: 'u', value: '' } },
      ],
    }
    let view = apply(
      emptyView,
      done(widget('w', root)),
      updated('w', { type: 'widget.streaming_text.value_delta', component_id: 't', delta: 'lo', done: true }),
      updated('w', { type: 'widget.streaming_text.value_delta', component_id: 'u', delta: 'deep', done: false }),
    )
    expect(view.items[0]).toMatchObject({
      widget: { children: [{ value: 'Hello', streaming: false }, { children: { value: 'deep', streaming: true } }] },
    })
    view = apply(
      view,
      updated('w', {
        type: 'widget.component.updated',
        component_id: 't',
        component: { type: 'Title', id: 't', value: 'New' },
      }),
    )
    expect(view.items[0]).toMatchObject({ widget: { children: [{ type: 'Title', value: 'New' }, {}] } })
    view = apply(view, updated('w', { type: 'widget.root.updated', widget: { type: 'Card', children: [] } }))
    expect(view.items[0]).toMatchObject({ widget: { children: [] } })
  })

  test('an image progresses, an item is replaced by one of another type, and an item is removed', () => {
    const picture = { id: 'i', url: 'data:image/png;base64,AA==' }
    let view = apply(
      emptyView,
      added(image('g')),
      updated('g', { type: 'generated_image.updated', image: picture, progress: 0.5 }),
    )
    expect(view.items[0]).toMatchObject({ image: picture })
    expect(view.imageProgress.get('g')).toBe(0.5)
    view = apply(view, { type: 'thread.item.replaced', item: said('g', 'No picture') })
    expect(textOf(view, 'g')).toBe('No picture')
    view = apply(view, { type: 'thread.item.removed', item_id: 'g' })
    expect(view.items).toEqual([])
  })

  test('options, progress, notices and errors are shown, and the next turn begins without them', () => {
    const view = apply(
      emptyView,
      { type: 'stream_options', stream_options: { allow_cancel: false } },
      { type: 'progress_update', text: 'Reading' },
      { type: 'notice', level: 'info', message: 'Slow today' },
      { type: 'error', code: 'custom', message: 'No', allow_retry: true },
    )
    expect(view).toMatchObject({
      allowCancel: false,
      progress: null,
      notices: [{ message: 'Slow today' }],
      failure: { message: 'No', retry: 'answer' },
    })
    expect(beginTurn(view)).toMatchObject({ allowCancel: true, notices: [], failure: null })
    expect(apply(emptyView, { type: 'error', code: 'stream.error', allow_retry: false }).failure).toEqual({
      message: null,
      retry: null,
    })
  })

  test('an event about a hidden, unknown or missing item changes nothing', () => {
    const hidden = { ...base, type: 'hidden_context_item', id: 'h', content: 'secret' } as const
    const events = [
      added(hidden),
      done(hidden),
      delta('nobody', 'x'),
      { type: 'client_effect', name: 'x', data: {} },
      { type: 'something.new' },
    ]
    const view = apply(emptyView, done(said('a', 'x')))
    expect((events as ThreadStreamEvent[]).reduce(applyEvent, view)).toEqual(view)
    expect(apply(view, updated('a', { type: 'workflow.task.added', task_index: 0, task: task('x') })).items).toEqual(
      view.items,
    )
  })
})

test('the view can be drawn whatever a server leaves out or makes up', () => {
  const loose = fc.record(
    {
      id: fc.constantFrom('a', 'b'),
      type: fc.constantFrom(
        'user_message',
        'assistant_message',
        'workflow',
        'widget',
        'structured_input',
        'task',
        'end_of_turn',
        'from.the.future',
      ),
      content: fc.option(fc.array(fc.record({ text: fc.string() }, { requiredKeys: [] })), { nil: undefined }),
      workflow: fc.option(fc.record({ type: fc.constant('custom') }), { nil: undefined }),
      widget: fc.option(fc.record({ type: fc.string() }), { nil: undefined }),
    },
    { requiredKeys: ['id', 'type'] },
  )
  const event = fc.oneof(
    fc.record({ type: fc.constantFrom('thread.item.added', 'thread.item.done', 'thread.item.replaced'), item: loose }),
    fc.record({
      type: fc.constant('thread.item.updated'),
      item_id: fc.constantFrom('a', 'b', 'c'),
      update: fc.constantFrom<object>(
        { type: 'assistant_message.content_part.text_delta', content_index: 1, delta: 'x' },
        { type: 'assistant_message.content_part.added', content_index: 0, content: {} },
        {
          type: 'assistant_message.content_part.annotation_added',
          content_index: 0,
          annotation_index: 0,
          annotation: {},
        },
        { type: 'workflow.task.added', task_index: 0, task: {} },
        { type: 'widget.component.updated', component_id: 'x', component: {} },
      ),
    }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      const view = endTurn(apply(emptyView, ...(events as never as ThreadStreamEvent[])))
      groupByTurn(view.items)
      toSpokenText(view.items)
      for (const item of view.items)
        if (item.type === 'assistant_message')
          expect(item.content.every((part) => Array.isArray(part.annotations))).toBe(true)
    }),
  )
})

describe('the course of a turn', () => {
  test('a message is shown at once and replaced by the server’s own', () => {
    const local = addLocalMessage(toLoadedView(thread(), [user('m0'), said('a0', 'x')]), user(makeLocalId('1'), 'New'))
    const view = apply(local, done(user('m1', 'New')), added(said('a1')))
    expect(view.items.map(({ id }) => id)).toEqual(['m0', 'a0', 'm1', 'a1'])
    expect(dropMessage(local, makeLocalId('1')).items).toHaveLength(2)
  })

  test('a confirmed message replaces the local one with its request id, and an older one stays unsent', () => {
    const two = addLocalMessage(
      addLocalMessage(toLoadedView(thread(), []), user(makeLocalId('r1'), 'A')),
      user(makeLocalId('r2'), 'B'),
    )
    const view = apply(two, done({ ...user('m2', 'B'), request_id: 'r2' }))
    expect(view.items.map(({ id }) => id)).toEqual([makeLocalId('r1'), 'm2'])
    expect(apply(two, done({ ...user('m1', 'A'), request_id: 'r1' })).items.map(({ id }) => id)).toEqual([
      'm1',
      makeLocalId('r2'),
    ])
  })

  test('a re-read keeps unsent messages after the server’s items', () => {
    const unsent = user(makeLocalId('r1'), 'A')
    const view = addLocalMessage(toLoadedView(thread(), [user('m0')]), unsent)
    expect(
      toCaughtUpView(view, thread(), [user('m0'), said('a0', 'x')], [unsent]).view.items.map(({ id }) => id),
    ).toEqual(['m0', 'a0', unsent.id])
    expect(toLoadedView(thread(), [user('m0')], [unsent]).items.map(({ id }) => id)).toEqual(['m0', unsent.id])
  })

  test('a failure stays with its turn, and the next attempt removes it', () => {
    const asked = toLoadedView(thread(), [user('m0')])
    const failed = apply(asked, { type: 'error', code: 'custom', message: 'No luck.', allow_retry: true })
    expect(failed.items[0]).toMatchObject({ outcome: { status: 'failed', message: 'No luck.', allow_retry: true } })
    const again = apply(beginTurn(failed), { type: 'stream_options', stream_options: { allow_cancel: true } })
    expect([again.failure, again.items[0]]).toEqual([null, user('m0')])
  })

  test('nothing keeps loading after the end of a turn', () => {
    const view = endTurn(
      apply(emptyView, added(work('w', task('a', 'loading'))), { type: 'progress_update', text: 'x' }),
    )
    expect(view).toMatchObject({
      open: new Set(),
      progress: null,
      items: [{ workflow: { tasks: [task('a', 'none')] } }],
    })
  })

  test('a retry drops what came after the question', () => {
    const view = toLoadedView(thread(), [user('m1'), said('a1', 'x'), user('m2'), said('a2', 'y')])
    expect(dropAfter(view, 'm1').items.map(({ id }) => id)).toEqual(['m1'])
    expect(dropAfter(view, 'gone')).toBe(view)
  })

  test('items are grouped by turn, and the first group may lack its question', () => {
    const groups = groupByTurn([said('a0', 'x'), user('m1'), work('w1'), said('a1', 'y'), user('m2')])
    expect(groups.map(({ key, question, answer }) => [key, question?.id, answer.map(({ id }) => id)])).toEqual([
      ['a0', undefined, ['a0']],
      ['m1', 'm1', ['w1', 'a1']],
      ['m2', 'm2', []],
    ])
  })
})

describe('catching up with the server', () => {
  const shown: ThreadView = {
    ...toLoadedView(thread(), [user('u1'), said('a1', 'One'), user('u2'), said('a2', 'Two')]),
    failure: { message: 'The model is tired.', retry: 'answer' },
  }

  test('unchanged items stay the same objects, and the failure of the last turn stays', () => {
    const { view, joins } = toCaughtUpView(shown, thread('Titled'), [user('u2'), said('a2', 'Two')])
    expect(joins).toBe(true)
    expect(view.items).toEqual(shown.items)
    expect(view.items.every((item, at) => item === shown.items[at])).toBe(true)
    expect(view).toMatchObject({ thread: { title: 'Titled' }, failure: shown.failure })
  })

  test('new items are appended, changed ones are updated, and the failure of an older turn is removed', () => {
    const { view, joins } = toCaughtUpView(shown, thread(), [user('u2'), said('a2', 'Two, better'), user('u3')])
    expect(joins).toBe(true)
    expect(view.items.map(({ id }) => id)).toEqual(['u1', 'a1', 'u2', 'a2', 'u3'])
    expect(textOf(view, 'a2')).toBe('Two, better')
    expect(view.failure).toBeNull()
  })

  test('only the newest items are shown if too much is missing in between', () => {
    const { view, joins } = toCaughtUpView(shown, thread(), [user('u9'), said('a9', 'Nine')])
    expect(joins).toBe(false)
    expect(view.items.map(({ id }) => id)).toEqual(['u9', 'a9'])
  })

  test('the failure of a lost connection is removed once the thread can be read', () => {
    const lost: ThreadView = { ...shown, failure: { message: 'Lost.', retry: 'attach' } }
    expect(toCaughtUpView(lost, thread(), shown.items).view.failure).toBeNull()
  })
})

describe('replay', () => {
  const run = [done(user('m1')), added(said('a1')), delta('a1', 'Good '), delta('a1', 'day '), delta('a1', 'to you')]

  test('an answer that is replayed never gets shorter on the screen', () => {
    let view = apply(emptyView, ...run.slice(0, 4))
    const seen: (string | undefined)[] = []
    for (const event of run) {
      view = applyEvent(view, event)
      seen.push(textOf(view, 'a1'))
    }
    expect(seen).toEqual(['Good day ', 'Good day ', 'Good day ', 'Good day ', 'Good day to you'])
    expect(view.items).toHaveLength(2)
  })

  test('a complete item stays unchanged until its own end is replayed', () => {
    const loaded = toLoadedView(thread(), [user('m1'), said('a1', 'Good day to you')])
    expect(apply(loaded, ...run).items).toEqual(loaded.items)
    expect(apply(loaded, ...run, done(said('a1', 'Good day to you all'))).rebuilding.size).toBe(0)
  })

  /**
   * A turn with any number of messages, workflows and widgets, each in any pieces and interleaved
   * in any order.
   */
  const turn = fc
    .array(
      fc.tuple(
        fc.constantFrom('message', 'workflow', 'widget', 'plain'),
        fc.array(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 5 }),
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map((plan) => plan.map(([kind, pieces], at) => itemEvents(`${kind}${at}`, kind, pieces)))
    .chain((lists) =>
      fc.tuple(
        fc.constant(lists),
        fc.infiniteStream(fc.nat()).map((stream) =>
          interleave(
            lists.map(({ events }) => events),
            stream,
          ),
        ),
      ),
    )

  test('a replay ends with the final items, in any order and from any cut', () => {
    fc.assert(
      fc.property(turn, fc.nat(), fc.nat(), ([lists, events], cutAt, againAt) => {
        const finals = lists.map(({ final }) => final)
        const straight = apply(emptyView, ...events)
        const byId = (view: ThreadView) => finals.map(({ id }) => view.items.find((item) => item.id === id))
        expect(byId(straight)).toEqual(finals)
        expect(straight.items).toHaveLength(finals.length)
        const cut = apply(emptyView, ...events.slice(0, cutAt % (events.length + 1)))
        const cutAgain = apply(cut, ...events.slice(0, againAt % (events.length + 1)))
        const replayed = apply(cutAgain, ...events)
        expect(replayed.items).toEqual(straight.items)
        expect([replayed.open.size, replayed.rebuilding.size]).toEqual([0, 0])
      }),
      { numRuns: 300 },
    )
  })
})

function itemEvents(id: string, kind: string, pieces: string[]): { final: ThreadItem; events: ThreadStreamEvent[] } {
  if (kind === 'workflow') {
    const final = work(id, ...pieces.map((title) => task(title)))
    const steps = pieces.flatMap((title, task_index) => [
      updated(id, { type: 'workflow.task.added', task_index, task: task(title, 'loading') }),
      updated(id, { type: 'workflow.task.updated', task_index, task: task(title) }),
    ])
    return { final, events: [added(work(id)), ...steps, done(final)] }
  }
  if (kind === 'widget') {
    const root = (value: string) => ({ type: 'Card', children: [{ type: 'Text', id: 't', value, streaming: true }] })
    const steps = pieces.map((text) =>
      updated(id, { type: 'widget.streaming_text.value_delta', component_id: 't', delta: text, done: false }),
    )
    return {
      final: widget(id, root(pieces.join(''))),
      events: [added(widget(id, root(''))), ...steps, done(widget(id, root(pieces.join(''))))],
    }
  }
  const final = said(id, pieces.join(''))
  if (kind === 'plain') return { final, events: [done(final)] }
  return { final, events: [added(said(id)), ...pieces.map((text) => delta(id, text)), done(final)] }
}

function interleave<T>(lists: T[][], choices: Iterator<number>): T[] {
  const rest = lists.map((list) => [...list])
  const out: T[] = []
  while (rest.some((list) => list.length)) {
    const open = rest.filter((list) => list.length)
    const event = open[choices.next().value % open.length]?.shift()
    if (event !== undefined) out.push(event)
  }
  return out
}
