import type { ComposerOption, CustomApiConfig, ModelOption, ToolOption } from '@openai/chatkit'
import { listAddresses, type MountedElement } from '#tests/support/element/mounted-element.ts'
import { inOld, named, type Options, type Rows } from './row.ts'

const composer = (option: ComposerOption): Options => ({ composer: option })
const tool = (option: Partial<ToolOption>) =>
  composer({ tools: [{ id: 'find', label: 'Find', icon: 'search', ...option }] })
const model = (option: Partial<ModelOption>) =>
  composer({
    models: [
      { id: 'quick', label: 'Quick' },
      { id: 'deep', label: 'Deep', ...option },
    ],
  })
const api = (option: Partial<CustomApiConfig>): Options => ({
  api: { url: '/chatkit', domainKey: 'any', uploadStrategy: { type: 'two_phase' }, ...option },
})
const files = (option: object, more: Partial<CustomApiConfig> = {}): Options => ({
  ...composer({ attachments: { enabled: true, ...option } }),
  ...api(more),
})
/** A page's own fetch, which notes where it was sent. */
const noted = (note: (seen: unknown) => void, option: Partial<CustomApiConfig>): Partial<CustomApiConfig> => ({
  ...option,
  fetch: (input, init) => {
    note(String(input).replace(/#.*/, ''))
    return fetch(input, init)
  },
})
const addFiles =
  (...names: string[]) =>
  (it: MountedElement) =>
    it.element.setComposerValue({ files: names.map((name) => new File(['0123456789'], name, { type: 'text/plain' })) })
const refusals = (it: MountedElement) => it.texts('.file-chip [role="alert"], .composer-refusal span')

const openTools = (it: MountedElement) => it.click(named('Tools'))
const chooseTool = async (it: MountedElement) => {
  await openTools(it)
  await it.click('[role="menuitemradio"]')
}
const openModels = (it: MountedElement) => it.click('.model-button')
/** What a message is answered with. */
const inference = (it: MountedElement) =>
  (it.sent('threads.create')[0]?.params.input as { inference_options: object } | undefined)?.inference_options

/** The composer, and the server that it talks to. */
export const COMPOSER_ROWS: Rows = {
  'api.url': {
    base: { ...inOld, ...api({}) },
    use: api({ url: '/chatkit?#elsewhere' }),
    see: () => listAddresses().includes('/chatkit?#elsewhere'),
    without: false,
    with: true,
  },
  'api.fetch': {
    base: { ...inOld, ...api({}) },
    use: (note) => api(noted(note, {})),
    see: (it) => it.notes[0],
    without: undefined,
    with: '/chatkit',
  },
  'api.domainKey': {
    base: inOld,
    use: { ...inOld, ...api({ domainKey: 'domain_pk_of_nobody' }) },
    see: (it) => it.texts('.bubble'),
    without: ['First question'],
    with: ['First question'],
    inertBecause: 'only OpenAI’s hosted service checks it',
  },
  'api.uploadStrategy.type': {
    base: (note) => files({}, noted(note, { uploadStrategy: { type: 'two_phase' } })),
    use: (note) => files({}, noted(note, { uploadStrategy: { type: 'direct', uploadUrl: '/upload/direct' } })),
    before: addFiles('a.txt'),
    see: (it) => it.notes[0],
    without: '/chatkit',
    with: '/upload/direct',
    values: {
      use: (type: 'two_phase') => files({}, { uploadStrategy: { type, uploadUrl: '/upload/direct' } as never }),
      see: (it) => it.sent('attachments.create').length,
      are: 'different',
    },
  },
  'api.uploadStrategy.uploadUrl': {
    base: (note) => files({}, noted(note, { uploadStrategy: { type: 'direct', uploadUrl: '/upload/direct' } })),
    use: (note) => files({}, noted(note, { uploadStrategy: { type: 'direct', uploadUrl: '/upload/there' } })),
    before: addFiles('a.txt'),
    see: (it) => it.notes[0],
    without: '/upload/direct',
    with: '/upload/there',
  },
  'api.getClientSecret': {
    use: { api: { getClientSecret: async () => 'secret' } },
    see: (it) => it.refusal,
    without: null,
    with: 'Error: This element talks to your own server: set api.url. api.getClientSecret is not supported.',
  },
  'composer.placeholder': {
    use: composer({ placeholder: 'Ask away' }),
    see: (it) => it.$('textarea')?.getAttribute('placeholder'),
    without: 'Message the AI',
    with: 'Ask away',
  },
  'composer.attachments.enabled': {
    base: files({ enabled: false }),
    use: files({}),
    see: (it) => it.$('input[type="file"]') !== null,
    without: false,
    with: true,
  },
  'composer.attachments.maxSize': {
    base: files({}),
    use: files({ maxSize: { 'text/*': 9, '*': 100 } }),
    before: addFiles('a.txt'),
    see: refusals,
    without: [],
    with: ['a.txt is too large; the limit is 9 bytes.'],
  },
  'composer.attachments.maxCount': {
    base: files({}),
    use: files({ maxCount: 1 }),
    before: addFiles('a.txt', 'b.txt'),
    see: refusals,
    without: [],
    with: ['Only one file can be attached.'],
  },
  'composer.attachments.accept': {
    base: files({}),
    use: files({ accept: { 'image/*': ['.png'] } }),
    before: addFiles('a.txt'),
    see: refusals,
    without: [],
    with: ['a.txt is not a kind of file that can be attached here.'],
  },
  'composer.tools[].id': {
    base: tool({}),
    use: tool({ id: 'search' }),
    before: async (it) => {
      await chooseTool(it)
      await it.say('hello')
    },
    see: inference,
    without: { tool_choice: { id: 'find' } },
    with: { tool_choice: { id: 'search' } },
  },
  'composer.tools[].label': {
    base: tool({}),
    use: tool({ label: 'Look it up' }),
    before: openTools,
    see: (it) => it.labels('[role="menuitemradio"]'),
    without: ['Find'],
    with: ['Look it up'],
  },
  'composer.tools[].icon': {
    base: tool({ icon: 'empty-circle' }),
    use: tool({ icon: 'globe' }),
    before: openTools,
    see: (it) => it.drawing('[role="menuitemradio"]').includes('<path'),
    without: false,
    with: true,
  },
  'composer.tools[].shortLabel': {
    base: tool({}),
    use: tool({ shortLabel: 'F' }),
    before: chooseTool,
    see: (it) => it.texts('.tool-chip'),
    without: ['Find'],
    with: ['F'],
  },
  'composer.tools[].placeholderOverride': {
    base: tool({}),
    use: tool({ placeholderOverride: 'Find what?' }),
    before: chooseTool,
    see: (it) => it.$('textarea')?.getAttribute('placeholder'),
    without: 'Message the AI',
    with: 'Find what?',
  },
  'composer.tools[].pinned': {
    base: tool({}),
    use: tool({ pinned: true }),
    see: (it) => it.texts('.tool-chip'),
    without: [],
    with: ['Find'],
  },
  'composer.tools[].persistent': {
    base: tool({}),
    use: tool({ persistent: true }),
    before: async (it) => {
      await chooseTool(it)
      await it.say('hello')
    },
    see: (it) => it.texts('.tool-chip.is-chosen'),
    without: [],
    with: ['Find'],
  },
  'composer.models[].id': {
    base: model({ default: true }),
    use: model({ default: true, id: 'deeper' }),
    before: (it) => it.say('hello'),
    see: inference,
    without: { model: 'deep' },
    with: { model: 'deeper' },
  },
  'composer.models[].label': {
    base: model({}),
    use: model({ label: 'Thorough' }),
    before: openModels,
    see: (it) => it.labels('[role="menuitemradio"]'),
    without: ['Quick', 'Deep'],
    with: ['Quick', 'Thorough'],
  },
  'composer.models[].description': {
    base: model({}),
    use: model({ description: 'Thinks for longer' }),
    before: openModels,
    see: (it) => it.texts('[role="menuitemradio"] small'),
    without: [],
    with: ['Thinks for longer'],
  },
  'composer.models[].disabled': {
    base: model({}),
    use: model({ disabled: true }),
    before: openModels,
    see: (it) => it.labels('[role="menuitemradio"]:disabled'),
    without: [],
    with: ['Deep'],
  },
  'composer.models[].default': {
    base: model({}),
    use: model({ default: true }),
    see: (it) => it.texts('.model-button'),
    without: ['Quick'],
    with: ['Deep'],
  },
  'composer.dictation.enabled': {
    use: composer({ dictation: { enabled: true } }),
    see: (it) => it.$(named('Dictate')) !== null,
    without: false,
    with: true,
  },
}
