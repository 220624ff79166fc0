import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyUpdate } from '#lib/chatkit/protocol/apply-update.ts'
import type { ThreadStreamEvent, WidgetUpdate } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WidgetItem, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { withoutNulls } from '#lib/chatkit/server/operations/wire.ts'
import { action } from '#lib/chatkit/server/widgets/actions.ts'
import * as components from '#lib/chatkit/server/widgets/components.ts'
import {
  Basic,
  Box,
  Button,
  Card,
  Chart,
  Form,
  Icon,
  Input,
  ListView,
  ListViewItem,
  Markdown,
  Select,
  Table,
  TableCell,
  TableRow,
  Text,
  Title,
  Transition,
} from '#lib/chatkit/server/widgets/components.ts'
import { diffWidget } from '#lib/chatkit/server/widgets/diff-widget.ts'
import { ICON_NAMES, isIconName, toIconName } from '#lib/chatkit/server/widgets/icons.ts'
import { streamWidget } from '#lib/chatkit/server/widgets/stream-widget.ts'
import { WidgetTemplate } from '#lib/chatkit/server/widgets/widget-template.ts'

const card = (...children: WidgetRoot[]) => Card({ children })

describe('builders', () => {
  test('make plain JSON with the type of each component', () => {
    const made = Object.entries(components).map(
      ([name, build]) => [name, (build as (props: object) => WidgetRoot)({ key: 'k', invented: 1 })] as const,
    )
    expect(made).toHaveLength(30)
    for (const [name, node] of made)
      expect(node).toEqual({ key: 'k', invented: 1, type: name.replace(/^Table(Row|Cell)$/, 'Table.$1') })
    const widget = Card({
      size: 'sm',
      asForm: true,
      confirm: { label: 'Save', action: action('save', { id: 1 }) },
      children: [
        Title({ value: 'New task', size: 'sm' }),
        Form({
          direction: 'col',
          onSubmitAction: action('submit'),
          children: [
            Input({ name: 'todo.title', required: true }),
            Select({ name: 's', options: [{ value: 'a', label: 'A', description: 'd' }], searchable: true }),
          ],
        }),
        Transition({ children: Text({ id: 't', value: 'x', streaming: true }) }),
        Button({
          label: 'Go',
          iconStart: 'bolt',
          onClickAction: action('go', undefined, { handler: 'client', streaming: false }),
        }),
        Chart({ data: [{ day: 'Mo', calls: 3 }], series: [{ type: 'bar', dataKey: 'calls' }], xAxis: 'day' }),
        Table({
          children: [
            TableRow({ header: true, children: [TableCell({ colSpan: 2, children: [Text({ value: 'c' })] })] }),
          ],
        }),
        ListView({ children: [ListViewItem({ children: [Icon({ name: 'cube' })] })] }),
        null,
      ],
    })
    expect(withoutNulls(widget)).toEqual({
      type: 'Card',
      size: 'sm',
      asForm: true,
      confirm: {
        label: 'Save',
        action: { type: 'save', payload: { id: 1 }, handler: 'server', loadingBehavior: 'auto', streaming: true },
      },
      children: [
        { type: 'Title', value: 'New task', size: 'sm' },
        {
          type: 'Form',
          direction: 'col',
          onSubmitAction: { type: 'submit', handler: 'server', loadingBehavior: 'auto', streaming: true },
          children: [
            { type: 'Input', name: 'todo.title', required: true },
            { type: 'Select', name: 's', options: [{ value: 'a', label: 'A', description: 'd' }], searchable: true },
          ],
        },
        { type: 'Transition', children: { type: 'Text', id: 't', value: 'x', streaming: true } },
        {
          type: 'Button',
          label: 'Go',
          iconStart: 'bolt',
          onClickAction: { type: 'go', handler: 'client', loadingBehavior: 'auto', streaming: false },
        },
        { type: 'Chart', data: [{ day: 'Mo', calls: 3 }], series: [{ type: 'bar', dataKey: 'calls' }], xAxis: 'day' },
        {
          type: 'Table',
          children: [
            {
              type: 'Table.Row',
              header: true,
              children: [{ type: 'Table.Cell', colSpan: 2, children: [{ type: 'Text', value: 'c' }] }],
            },
          ],
        },
        { type: 'ListView', children: [{ type: 'ListViewItem', children: [{ type: 'Icon', name: 'cube' }] }] },
      ],
    })
  })

  test('leave out null values at any depth and in lists', () => {
    expect(
      withoutNulls({
        type: 'Card',
        id: undefined,
        key: null as never,
        children: [null, { type: 'Text', value: '', color: null }],
      }),
    ).toEqual({
      type: 'Card',
      children: [{ type: 'Text', value: '' }],
    })
  })

  test('leave out null values in an action’s payload', () => {
    const widget = card(
      Button({ label: 'x', onClickAction: action('a', { k: null, list: [null, 1], keep: false }) }),
      Transition({ children: null }),
    )
    expect(JSON.parse(JSON.stringify(withoutNulls(widget)))).toEqual({
      type: 'Card',
      children: [
        {
          type: 'Button',
          label: 'x',
          onClickAction: {
            type: 'a',
            payload: { list: [1], keep: false },
            handler: 'server',
            loadingBehavior: 'auto',
            streaming: true,
          },
        },
        { type: 'Transition' },
      ],
    })
  })
})

describe('the difference between two states', () => {
  const loose = (value: string, more: object = {}): WidgetRoot => ({
    type: 'Card',
    children: [{ type: 'Text', id: 't', value, ...more }],
  })
  const typed = (value: string, more: { streaming?: boolean } = {}): WidgetRoot =>
    card(Text({ id: 't', value, ...more }))

  describe.each([
    ['built', typed],
    ['loose JSON', loose],
  ])('if they are %s', (_, make) => {
    test('is empty if nothing changed', () => expect(diffWidget(make('Hello'), make('Hello'))).toEqual([]))

    test('is a delta if text was appended', () =>
      expect(diffWidget(make('Hello', { streaming: true }), make('Hello, world', { streaming: true }))).toEqual([
        { type: 'widget.streaming_text.value_delta', component_id: 't', delta: ', world', done: false },
      ]))

    test('replaces the widget if text was appended and stops streaming', () => {
      const after = make('Hello, world', { streaming: false })
      expect(diffWidget(make('Hello', { streaming: true }), after)).toEqual([
        { type: 'widget.root.updated', widget: after },
      ])
    })

    test('replaces the widget if text without an id changes, even by appending', () => {
      const [before, longer, other] = ['Hello', 'Hello!', 'Bye'].map((value) =>
        make(value, { id: undefined } as object),
      ) as [WidgetRoot, WidgetRoot, WidgetRoot]
      for (const after of [longer, other])
        expect(diffWidget(before, after)).toEqual([{ type: 'widget.root.updated', widget: withoutNulls(after) }])
    })
  })

  const replaced = (before: WidgetRoot, after: WidgetRoot) =>
    expect(diffWidget(before, after)).toEqual([{ type: 'widget.root.updated', widget: after }])

  test('replaces the widget for another type, id, key or order, a property more or less, or a change inside a value', () => {
    const base = card(Text({ id: 't', value: 'x' }), Box({ children: [] }))
    replaced(base, Basic({ children: base.children as never }))
    replaced(base, { ...base, id: 'other' })
    replaced(base, { ...base, key: 'other' })
    replaced(base, card(Box({ children: [] }), Text({ id: 't', value: 'x' })))
    replaced(base, card(Text({ id: 't', value: 'x' })))
    replaced(base, { ...base, size: 'sm' })
    replaced({ ...base, size: 'sm' }, base)
    replaced({ ...base, status: { text: 'a' } }, { ...base, status: { text: 'ab' } })
    replaced(card(Text({ id: 't', value: 'abc' })), card(Text({ id: 't', value: 'ab' })))
    expect(diffWidget(base, { ...base, size: undefined, key: null as never })).toEqual([])
  })

  test('is a delta for text inside a Transition, and several texts can grow at once', () => {
    const make = (a: string, b: string) =>
      card(
        Transition({ children: Markdown({ id: 'a', value: a, streaming: true }) }),
        Box({ children: [Text({ id: 'b', value: b })] }),
      )
    expect(diffWidget(make('1', '2'), make('1!', '2?'))).toEqual([
      { type: 'widget.streaming_text.value_delta', component_id: 'a', delta: '!', done: false },
      { type: 'widget.streaming_text.value_delta', component_id: 'b', delta: '?', done: true },
    ])
  })

  test('replaces the widget if an id occurs twice or is where clients do not look for it', () => {
    const twice = (value: string) => card(Text({ id: 't', value }), Text({ id: 't', value: 'z' }))
    replaced(twice('a'), twice('ab'))
    const odd = (value: string): WidgetRoot => ({ type: 'Card', header: { type: 'Text', id: 't', value } })
    replaced(odd('a'), odd('ab'))
  })

  test('gives the client the new state, whatever changed', () => {
    const text = fc.constantFrom('', 'a', 'ab', 'abc', 'b')
    const leaf = fc.record(
      {
        type: fc.constantFrom('Text', 'Markdown', 'Title'),
        id: fc.constantFrom('x', 'y', undefined),
        value: text,
        size: fc.constantFrom('sm', null, undefined),
      },
      { requiredKeys: ['type', 'value'] },
    )
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({ type: fc.constant('Transition'), children: fc.oneof(leaf, fc.constant(null)) }),
        fc.record(
          {
            type: fc.constantFrom('Card', 'Box'),
            id: fc.constantFrom('x', undefined),
            children: fc.array(tie('node'), { maxLength: 3 }),
          },
          { requiredKeys: ['type', 'children'] },
        ),
      ),
    }))
    const root = fc.record({
      type: fc.constant('Card'),
      children: fc.array(node, { maxLength: 3 }),
    }) as fc.Arbitrary<WidgetRoot>
    const grown = root.map((widget): [WidgetRoot, WidgetRoot] => [
      widget,
      JSON.parse(JSON.stringify(widget), (key, value) => (key === 'value' ? `${value}+` : value)),
    ])
    fc.assert(
      fc.property(fc.oneof(fc.tuple(root, root), grown), ([before, after]) => {
        const start: ThreadItem = {
          id: 'w',
          thread_id: 't',
          created_at: '',
          type: 'widget',
          widget: withoutNulls(before),
        }
        const end = diffWidget(before, after).reduce<ThreadItem>(applyUpdate, start) as WidgetItem
        const unstreamed = (widget: WidgetRoot) =>
          JSON.parse(JSON.stringify(withoutNulls(widget)), (_, value) =>
            value?.streaming === false ? { ...value, streaming: undefined } : value,
          )
        expect(unstreamed(end.widget)).toEqual(unstreamed(after))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a widget stream', () => {
  const place = { thread: { id: 'thr_1' }, newItemId: () => 'msg_1' }
  async function read(widget: WidgetRoot | AsyncIterable<WidgetRoot>, copyText?: string): Promise<ThreadStreamEvent[]> {
    const events: ThreadStreamEvent[] = []
    for await (const event of streamWidget(place, widget, copyText)) events.push(event)
    return events
  }
  async function* states(...all: WidgetRoot[]) {
    yield* all
  }

  test('of a finished widget is one item', async () => {
    expect(await read(card(), 'copied')).toEqual([
      {
        type: 'thread.item.done',
        item: {
          id: 'msg_1',
          thread_id: 'thr_1',
          created_at: expect.any(String),
          type: 'widget',
          widget: { type: 'Card', children: [] },
          copy_text: 'copied',
        },
      },
    ])
  })

  test('grows letter by letter and ends in its last state', async () => {
    const text = (value: string, streaming = true) => card(Text({ id: 't', value, streaming }))
    const events = await read(states(text(''), text('He'), text('Hello'), text('Hello', false)))
    expect(events.map((event) => (event.type === 'thread.item.updated' ? event.update.type : event.type))).toEqual([
      'thread.item.added',
      'widget.streaming_text.value_delta',
      'widget.streaming_text.value_delta',
      'widget.root.updated',
      'thread.item.done',
    ])
    const [first, last] = [events[0], events.at(-1)] as { item: WidgetItem }[]
    expect(last?.item).toEqual({ ...first?.item, widget: text('Hello', false) })
  })

  test('may yield the same mutated object again', async () => {
    const events = await read(
      (async function* () {
        const widget = { type: 'Card', children: [{ type: 'Text', id: 't', value: 'a' }] }
        yield widget
        if (widget.children[0]) widget.children[0].value = 'ab'
        yield widget
      })(),
    )
    expect(events[1]).toMatchObject({ update: { delta: 'b' } satisfies Partial<WidgetUpdate> })
  })

  test('without a state has no events', async () => expect(await read(states())).toEqual([]))
})

describe('widget files', () => {
  const folder = new URL('../fixtures/widgets/', import.meta.url)
  const read = (file: string) => readFileSync(new URL(file, folder), 'utf8')
  const files = readdirSync(folder).filter((file) => file.endsWith('.widget'))

  test.each(files)('%s builds the expected widget', (file) => {
    const { data, widget } = JSON.parse(read(file.replace(/widget$/, 'json')))
    const template = WidgetTemplate.parse(read(file))
    expect(template.build(data)).toEqual(widget)
    expect(template.build(data)).toEqual(widget)
    expect(template.name).toBe(file.replace('.widget', ''))
  })

  test('a Basic root is built like any other', () => {
    const template = WidgetTemplate.parse(read('plain_basic.widget'))
    expect(template.build({ greeting: 'Hi' })).toMatchObject({
      type: 'Basic',
      children: [{ value: 'Hi' }, { type: 'Invented', deep: { kept: [1, 2] } }],
    })
    expect(template).not.toHaveProperty('buildBasic')
  })

  test('a missing value is named, at any depth', () => {
    const template = WidgetTemplate.parse(read('departures.widget'))
    expect(() => template.build({ limit: 1 })).toThrow('data.trains is missing.')
    expect(() =>
      template.build({
        limit: 1,
        trains: [
          { number: '1', to: 'x', time: 'y' },
          { number: '2', time: 'y' },
        ],
      }),
    ).toThrow('data.trains[1].to is missing.')
  })

  test('a value cannot break out of its place', () => {
    const title = '"}],"type":"ListView","x":[{"y":"\\ </script>\u2028'
    const widget = WidgetTemplate.parse(read('order_card.widget')).build({
      shop: { name: title },
      order: { id: 1, title, lines: [title], note: title },
    })
    expect(widget).toMatchObject({
      type: 'Card',
      status: { text: title },
      children: [{ value: `**${title}**` }, {}, { value: title }],
    })
  })

  test('another version, a broken file and a template that is not a widget are refused', () => {
    const file = JSON.parse(read('plain_basic.widget'))
    expect(() => WidgetTemplate.parse(JSON.stringify({ ...file, version: '2.0' }))).toThrow('version "2.0"')
    expect(() => WidgetTemplate.parse(JSON.stringify({ ...file, template: 5 }))).toThrow('needs a name and a template')
    expect(() => WidgetTemplate.parse(JSON.stringify({ ...file, template: '[1]' })).build({ greeting: '' })).toThrow(
      'does not make a widget',
    )
  })
})

describe('icons', () => {
  test('of the protocol are known', () => {
    expect(ICON_NAMES).toHaveLength(64)
    expect(new Set(ICON_NAMES).size).toBe(64)
    for (const name of ICON_NAMES) expect(toIconName(name)).toBe(name)
  })

  test('of other collections are recognised by their prefix', () =>
    expect(['vendor:acme-logo', 'lucide:arrow-up'].map(isIconName)).toEqual([true, true]))

  test('with any other name are refused', () => {
    for (const name of ['', 'sparkles', 'vendor:', 'Lucide:x', 'lucide:a b', '__proto__'])
      expect(() => toIconName(name), name).toThrow(`There is no icon "${name}".`)
  })
})
