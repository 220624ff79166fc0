import type { Command, CommandsOption, EntitiesOption, Entity } from '@openai/chatkit'
import type { MountedElement } from '#tests/support/element/mounted-element.ts'
import { inOld, type Options, type Rows } from './row.ts'

const entity = (option: Partial<Entity>, more: EntitiesOption = {}): Options => ({
  entities: { onTagSearch: async () => [{ id: 'ann', title: 'Ann', ...option }], ...more },
})
const command = (option: Partial<Command>, more: Partial<CommandsOption> = {}): Options => ({
  commands: { enabled: true, onSearch: async () => [{ id: 'assign', label: 'Assign', ...option }], ...more },
})
const search = (it: MountedElement) => it.type('@a')
const choose = async (it: MountedElement) => {
  await search(it)
  await it.click('.suggestions [role="option"]')
}
const send = async (it: MountedElement) => {
  await choose(it)
  await it.submit()
}
const suggested = (it: MountedElement) => it.labels('.suggestions [role="option"]')
const sentTag = (field: string) => (it: MountedElement) =>
  (it.sent('threads.create')[0]?.params.input as { content: Record<string, unknown>[] } | undefined)?.content[0]?.[
    field
  ]
const ask = (it: MountedElement) => it.type('/')
const run = async (it: MountedElement) => {
  await ask(it)
  await it.click('.suggestions [role="option"]')
}
const notes = (it: MountedElement) => it.notes
const preview = (value: string): EntitiesOption => ({
  onRequestPreview: async () => ({ preview: { type: 'Basic', children: [{ type: 'Text', value }] } }),
})

/** What the element asks the page. */
export const CALLBACK_ROWS: Rows = {
  'onClientTool(toolCall).name': {
    use: (note) => ({ onClientTool: ({ name }) => ({ heard: note(name) }) }),
    before: (it) => it.say('call double'),
    see: notes,
    without: [],
    with: ['double'],
  },
  'onClientTool(toolCall).params': {
    use: (note) => ({ onClientTool: ({ params }) => ({ heard: note(params) }) }),
    before: (it) => it.say('call double'),
    see: notes,
    without: [],
    with: [{ number: 21 }],
  },
  'entities.onTagSearch()[].title': {
    base: entity({}),
    use: entity({ title: 'Anna' }),
    before: search,
    see: suggested,
    without: ['Ann'],
    with: ['Anna'],
  },
  'entities.onTagSearch()[].id': {
    base: entity({}),
    use: entity({ id: 'anna' }),
    before: send,
    see: sentTag('id'),
    without: 'ann',
    with: 'anna',
  },
  'entities.onTagSearch()[].icon': {
    base: entity({}),
    use: entity({ icon: 'user' }),
    before: search,
    see: (it) => [suggested(it), it.drawing('.suggestions') !== ''],
    without: [['Ann'], false],
    with: [['Ann'], true],
  },
  'entities.onTagSearch()[].interactive': {
    base: entity({}, { onClick: () => {} }),
    use: entity({ interactive: true }, { onClick: () => {} }),
    before: send,
    see: (it) => [it.texts('.bubble'), it.texts('.bubble button')],
    without: [['Ann'], []],
    with: [['Ann'], ['Ann']],
  },
  'entities.onTagSearch()[].group': {
    base: entity({}),
    use: entity({ group: 'People' }),
    before: search,
    see: (it) => [suggested(it), it.texts('.menu-group')],
    without: [['Ann'], []],
    with: [['Ann'], ['People']],
  },
  'entities.onTagSearch()[].data': {
    base: entity({}),
    use: entity({ data: { team: 'blue' } }),
    before: send,
    see: sentTag('data'),
    without: {},
    with: { team: 'blue' },
  },
  'entities.showComposerMenu': {
    base: entity({}),
    use: entity({}, { showComposerMenu: true }),
    see: (it) => it.labels().includes('Mention'),
    without: false,
    with: true,
  },
  'entities.onClick': {
    base: entity({ interactive: true }, preview('Team blue')),
    use: (note) => entity({ interactive: true }, { ...preview('Team blue'), onClick: ({ id }) => note(id) }),
    before: async (it) => {
      await send(it)
      await it.click('.bubble button')
    },
    see: notes,
    without: [],
    with: ['ann'],
  },
  'entities.onRequestPreview().preview': {
    base: entity({ interactive: true }, { onRequestPreview: async () => ({ preview: null }) }),
    use: entity({ interactive: true }, preview('Team blue')),
    before: async (it) => {
      await send(it)
      ;(await it.find('.bubble button')).focus()
    },
    see: (it) => it.texts('.entity-preview'),
    without: [],
    with: ['Team blue'],
  },
  'commands.enabled': {
    base: command({}, { enabled: false }),
    use: command({}),
    before: ask,
    see: suggested,
    without: [],
    with: ['Assign'],
  },
  'commands.onSearch()[].id': {
    base: (note) => command({}, { onSelect: async ({ id }) => note(id) }),
    use: (note) => command({ id: 'assign-2' }, { onSelect: async ({ id }) => note(id) }),
    before: run,
    see: notes,
    without: ['assign'],
    with: ['assign-2'],
  },
  'commands.onSearch()[].label': {
    base: command({}),
    use: command({ label: 'Give to' }),
    before: ask,
    see: suggested,
    without: ['Assign'],
    with: ['Give to'],
  },
  'commands.onSearch()[].description': {
    base: command({}),
    use: command({ description: 'Choose somebody' }),
    before: ask,
    see: (it) => [suggested(it).length, it.texts('.suggestions small')],
    without: [1, []],
    with: [1, ['Choose somebody']],
  },
  'commands.onSearch()[].icon': {
    base: command({}),
    use: command({ icon: 'user' }),
    before: ask,
    see: (it) => [suggested(it), it.drawing('.suggestions') !== ''],
    without: [['Assign'], false],
    with: [['Assign'], true],
  },
  'commands.onSearch()[].group': {
    base: command({}),
    use: command({ group: 'Tasks' }),
    before: ask,
    see: (it) => [suggested(it), it.texts('.menu-group')],
    without: [['Assign'], []],
    with: [['Assign'], ['Tasks']],
  },
  'commands.onSelect().type': {
    base: command({}, { onSelect: async () => ({ type: 'entity', entity: { id: 'ann', title: 'Ann' } }) }),
    use: command({}, { onSelect: async () => ({ type: 'menu', commands: [{ id: 'to', label: 'To Ann' }] }) }),
    before: run,
    see: (it) => [(it.$('textarea') as HTMLTextAreaElement).value, suggested(it)],
    without: ['@Ann ', []],
    with: ['', ['To Ann']],
    values: {
      use: (type: 'entity') =>
        command({}, { onSelect: async () => ({ type, entity: { id: 'ann', title: 'Ann' }, commands: [] }) }),
      see: (it) => it.texts('.chip'),
      are: 'different',
    },
  },
  'commands.onSelect().entity': {
    base: command({}),
    use: command({}, { onSelect: async () => ({ type: 'entity', entity: { id: 'ann', title: 'Ann' } }) }),
    before: run,
    see: (it) => it.texts('.chip'),
    without: [],
    with: ['Ann'],
  },
  'commands.onSelect().commands': {
    base: command({}, { onSelect: async () => ({ type: 'menu', commands: [{ id: 'a', label: 'To Ann' }] }) }),
    use: command({}, { onSelect: async () => ({ type: 'menu', commands: [{ id: 'b', label: 'To Bob' }] }) }),
    before: run,
    see: suggested,
    without: ['To Ann'],
    with: ['To Bob'],
  },
  'widgets.onAction(action).type': {
    base: inOld,
    use: (note) => ({ widgets: { onAction: async ({ type }) => note(type) } }),
    before: (it) => it.click('.card button'),
    see: notes,
    without: [],
    with: ['press'],
  },
  'widgets.onAction(action).payload': {
    base: inOld,
    use: (note) => ({ widgets: { onAction: async ({ payload }) => note(payload) } }),
    before: (it) => it.click('.card button'),
    see: notes,
    without: [],
    with: [{ n: 1 }],
  },
  'widgets.onAction(widgetItem).id': {
    base: inOld,
    use: (note) => ({ widgets: { onAction: async (_, { id }) => note(id) } }),
    before: (it) => it.click('.card button'),
    see: notes,
    without: [],
    with: ['w_old'],
  },
  'widgets.onAction(widgetItem).widget': {
    base: inOld,
    use: (note) => ({ widgets: { onAction: async (_, { widget }) => note(widget.type) } }),
    before: (it) => it.click('.card button'),
    see: notes,
    without: [],
    with: ['Card'],
  },
}
