import type { OpenAIChatKit } from '@openai/chatkit'
import type { MountedElement } from '#tests/support/element/mounted-element.ts'
import { inOld, OLD, type Options, type Row, type Rows } from './row.ts'

type Sent = Parameters<OpenAIChatKit['sendUserMessage']>[0]
type Written = Parameters<OpenAIChatKit['setComposerValue']>[0]
type Input = { content: object[]; attachments: string[]; quoted_text: string | null; inference_options: object }

/** Sends a message without the parameter and one with it. */
const send = (without: Sent, params: Sent, row: Pick<Row, 'base' | 'see' | 'without' | 'with'>): Row => ({
  ...row,
  before: (it) => it.element.sendUserMessage(without),
  call: (it) => it.element.sendUserMessage(params),
})
const input = (it: MountedElement) =>
  it.sent().findLast(({ params }) => params.input)?.params.input as Input | undefined
const write = (params: Written, row: Pick<Row, 'base' | 'see' | 'without' | 'with'>): Row => ({
  ...row,
  call: (it) => it.element.setComposerValue(params),
})
const field = (it: MountedElement) => (it.$('textarea') as HTMLTextAreaElement | null)?.value
const chips = (it: MountedElement) => it.texts('.chip, .file-chip strong')
const ann = { type: 'input_tag', id: 'ann', text: 'Ann' } as const
const file = { type: 'file', id: 'atc_9', name: 'plan.txt', mime_type: 'text/plain' } as const
const image = { ...file, type: 'image', name: 'cat.png', mime_type: 'image/png', preview_url: '/preview/9' } as const
/** A message that waits for its server, so that it is shown as the page gave it. */
const waiting: Options = { api: { url: '/chatkit', domainKey: 'any', fetch: () => new Promise(() => {}) } }
const sendFile = (attachment: object) => (it: MountedElement) =>
  void it.element.sendUserMessage({ text: 'a', attachments: [attachment as never] })
const shown = (attachment: object, row: Pick<Row, 'see' | 'without' | 'with' | 'values' | 'inertBecause'>): Row => ({
  ...row,
  base: waiting,
  call: sendFile(attachment),
})
const uploads: Options = {
  api: { url: '/chatkit', domainKey: 'any', uploadStrategy: { type: 'two_phase' } },
  composer: {
    attachments: { enabled: true },
    tools: [{ id: 'find', label: 'Find', icon: 'search' }],
    models: [
      { id: 'quick', label: 'Quick' },
      { id: 'deep', label: 'Deep' },
    ],
  },
}
const action = (it: MountedElement) => it.sent('threads.custom_action')[0]?.params.action
const isFocused = (it: MountedElement) => it.element.shadowRoot?.activeElement?.tagName
const hasHistory = (it: MountedElement) => it.$('.history') !== null

/** What the page calls. */
export const METHOD_ROWS: Rows = {
  setOptions: {
    // A second call replaces all options.
    base: { frameTitle: 'Before', composer: { placeholder: 'Before' } },
    call: (it) => it.element.setOptions({ api: { url: '/chatkit', domainKey: 'any' }, frameTitle: 'After' }),
    see: (it) => [it.$('.root')?.ariaLabel, it.$('textarea')?.getAttribute('placeholder')],
    without: ['Before', 'Before'],
    with: ['After', 'Message the AI'],
  },
  focusComposer: {
    before: (it) => (it.element.shadowRoot?.activeElement as HTMLElement | null)?.blur(),
    call: (it) => it.element.focusComposer(),
    see: (it) => isFocused(it) ?? 'nothing',
    without: 'nothing',
    with: 'TEXTAREA',
  },
  setThreadId: {
    call: (it) => it.element.setThreadId(OLD),
    see: (it) => it.texts('.bubble'),
    without: [],
    with: ['First question'],
  },
  'sendCustomAction(action).type': {
    base: inOld,
    call: (it) => it.element.sendCustomAction({ type: 'archive' }),
    see: (it) => action(it) ?? 'none',
    without: 'none',
    with: { type: 'archive' },
  },
  'sendCustomAction(action).payload': {
    base: inOld,
    before: (it) => it.element.sendCustomAction({ type: 'archive' }),
    call: (it) => it.element.sendCustomAction({ type: 'archive', payload: { id: 7 } }, 'w_old'),
    see: (it) => it.sent('threads.custom_action').map(({ params }) => [params.item_id ?? null, params.action]),
    without: [[null, { type: 'archive' }]],
    with: [
      [null, { type: 'archive' }],
      ['w_old', { type: 'archive', payload: { id: 7 } }],
    ],
  },
  'sendUserMessage(params).text': {
    call: (it) => it.element.sendUserMessage({ text: 'from the page' }),
    see: (it) => it.texts('.bubble'),
    without: [],
    with: ['from the page'],
  },
  'sendUserMessage(params).content': send(
    { text: 'a' },
    { content: [{ type: 'input_text', text: 'For ' }, ann] },
    { see: (it) => it.texts('.bubble').at(-1), without: 'a', with: 'For Ann' },
  ),
  'sendUserMessage(params).reply': send(
    { text: 'a' },
    { text: 'b', reply: 'a quote' },
    { see: (it) => input(it)?.quoted_text, without: null, with: 'a quote' },
  ),
  'sendUserMessage(params).attachments[].type': shown(image, {
    see: (it) => it.$('.question img') !== null,
    without: false,
    with: true,
    values: {
      call: (type: 'file') => sendFile({ ...image, type }),
      see: (it) => it.$('.attachments li')?.firstElementChild?.tagName,
      are: 'different',
    },
  }),
  'sendUserMessage(params).attachments[].id': send(
    { text: 'a' },
    { text: 'b', attachments: [file] },
    { see: (it) => input(it)?.attachments, without: [], with: ['atc_9'] },
  ),
  'sendUserMessage(params).attachments[].name': shown(file, {
    see: (it) => it.texts('.attachments'),
    without: [],
    with: ['plan.txt'],
  }),
  'sendUserMessage(params).attachments[].mime_type': shown(file, {
    see: (it) => it.texts('textarea'),
    without: [''],
    with: [''],
    inertBecause: 'the server has the file, and its type with it',
  }),
  'sendUserMessage(params).attachments[].preview_url': shown(image, {
    see: (it) => it.$('.question img')?.getAttribute('src') ?? '',
    without: '',
    with: '/preview/9',
  }),
  'sendUserMessage(params).newThread': send(
    { text: 'a' },
    { text: 'b', newThread: true },
    { see: (it) => it.texts('.bubble').at(-1) + String(it.sent('threads.create').length), without: 'a1', with: 'b2' },
  ),
  'sendUserMessage(params).toolChoice.id': send(
    { text: 'a' },
    { text: 'b', toolChoice: { id: 'find' } },
    { see: (it) => input(it)?.inference_options, without: {}, with: { tool_choice: { id: 'find' } } },
  ),
  'sendUserMessage(params).model': send(
    { text: 'a' },
    { text: 'b', model: 'deep' },
    { see: (it) => input(it)?.inference_options, without: {}, with: { model: 'deep' } },
  ),
  'setComposerValue(params).text': write({ text: 'a draft' }, { see: field, without: '', with: 'a draft' }),
  'setComposerValue(params).content': write(
    { content: [{ type: 'input_text', text: 'For ' }, ann] },
    { see: (it) => [field(it), chips(it)], without: ['', []], with: ['For @Ann', ['Ann']] },
  ),
  'setComposerValue(params).reply': write({ reply: 'a quote' }, { see: chips, without: [], with: ['a quote'] }),
  'setComposerValue(params).attachments': write(
    { attachments: [file] },
    { base: uploads, see: chips, without: [], with: ['plan.txt'] },
  ),
  'setComposerValue(params).files': {
    base: uploads,
    call: (it) => it.element.setComposerValue({ files: [new File(['0123'], 'notes.txt', { type: 'text/plain' })] }),
    see: chips,
    without: [],
    with: ['notes.txt'],
  },
  'setComposerValue(params).selectedToolId': write(
    { selectedToolId: 'find' },
    { base: uploads, see: (it) => it.texts('.tool-chip'), without: [], with: ['Find'] },
  ),
  'setComposerValue(params).selectedModelId': write(
    { selectedModelId: 'deep' },
    { base: uploads, see: (it) => it.texts('.model-button'), without: ['Quick'], with: ['Deep'] },
  ),
  showHistory: { call: (it) => it.element.showHistory(), see: hasHistory, without: false, with: true },
  hideHistory: {
    before: async (it) => {
      await it.element.showHistory()
      await it.find('.history')
    },
    call: (it) => it.element.hideHistory(),
    see: hasHistory,
    without: true,
    with: false,
  },
  fetchUpdates: {
    base: inOld,
    call: (it) => it.element.fetchUpdates(),
    see: (it) => it.sent('threads.get_by_id').length,
    without: 1,
    with: 2,
  },
  addEventListener: {
    call: (it) => it.element.addEventListener('chatkit.history.open', () => void it.notes.push('opened')),
    after: (it) => it.element.showHistory(),
    see: (it) => [hasHistory(it), it.notes],
    without: [true, []],
    with: [true, ['opened']],
  },
  removeEventListener: {
    before: (it) => {
      listener = () => void it.notes.push('opened')
      it.element.addEventListener('chatkit.history.open', listener)
    },
    call: (it) => it.element.removeEventListener('chatkit.history.open', listener),
    after: (it) => it.element.showHistory(),
    see: (it) => [hasHistory(it), it.notes],
    without: [true, ['opened']],
    with: [true, []],
  },
}

let listener = () => {}
