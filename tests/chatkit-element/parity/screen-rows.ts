import type { HeaderOption, StartScreenPrompt, UserMessageContent } from '@openai/chatkit'
import type { MountedElement } from '#tests/support/element/mounted-element.ts'
import { inOld, named, type Options, type Rows } from './row.ts'

const header = (option: HeaderOption): Options => ({ header: option })
const title = (it: MountedElement) => it.texts('.header-title')[0]
const press = () => {}
const LEFT = named('Header action, left')
const RIGHT = named('Header action, right')
const isThere = (selector: string) => (it: MountedElement) => it.$(selector) !== null

const openRow = async (it: MountedElement) => {
  await it.click(named('Conversation history'))
  await it.click('.history-row .icon-button')
}
const menuLabels = (it: MountedElement) => it.labels('[role="menuitem"]')

const prompt = (option: Partial<StartScreenPrompt>): Options => ({
  startScreen: { prompts: [{ label: 'A prompt', prompt: 'hello', ...option }] },
})
const TEXT: UserMessageContent = { type: 'input_text', text: 'About ' }
const tag = (option: object): Options =>
  prompt({ prompt: [TEXT, { type: 'input_tag', text: 'Ann', id: 'ann', ...option }] })
const choosePrompt = (it: MountedElement) => it.click('.prompt')
/** The parts of the first message, as they were sent. */
const sentParts = (it: MountedElement) =>
  (it.sent('threads.create')[0]?.params.input as { content: Record<string, unknown>[] } | undefined)?.content ?? []
const sentTag = (field: string) => (it: MountedElement) => sentParts(it)[1]?.[field]

/** What stands around the composer. */
export const SCREEN_ROWS: Rows = {
  initialThread: { use: inOld, see: (it) => it.texts('.bubble'), without: [], with: ['First question'] },
  'header.enabled': { use: header({ enabled: false }), see: isThere('.header'), without: true, with: false },
  'header.title.enabled': {
    base: inOld,
    use: header({ title: { enabled: false } }),
    see: title,
    without: 'Old chat',
    with: '',
  },
  'header.title.text': {
    base: inOld,
    use: header({ title: { text: 'Support' } }),
    see: title,
    without: 'Old chat',
    with: 'Support',
  },
  'header.leftAction.icon': {
    base: header({ leftAction: { icon: 'star', onClick: press } }),
    use: header({ leftAction: { icon: 'star-filled', onClick: press } }),
    see: (it) => it.$(`${LEFT} svg`)?.getAttribute('fill'),
    without: 'none',
    with: 'currentColor',
    values: {
      use: (icon: 'home') => header({ leftAction: { icon, onClick: press } }),
      see: (it) => it.drawing(LEFT),
      are: 'drawn',
      sideBySide: true,
    },
  },
  'header.leftAction.onClick': {
    base: header({ leftAction: { icon: 'home', onClick: press } }),
    use: (note) => header({ leftAction: { icon: 'home', onClick: () => note('left') } }),
    before: (it) => it.click(LEFT),
    see: (it) => it.notes,
    without: [],
    with: ['left'],
  },
  'header.rightAction.icon': {
    base: header({ rightAction: { icon: 'close', onClick: press } }),
    use: header({ rightAction: { icon: 'star-filled', onClick: press } }),
    see: (it) => it.$(`${RIGHT} svg`)?.getAttribute('fill'),
    without: 'none',
    with: 'currentColor',
  },
  'header.rightAction.onClick': {
    base: header({ rightAction: { icon: 'close', onClick: press } }),
    use: (note) => header({ rightAction: { icon: 'close', onClick: () => note('right') } }),
    before: (it) => it.click(RIGHT),
    see: (it) => it.notes,
    without: [],
    with: ['right'],
  },
  'history.enabled': {
    use: { history: { enabled: false } },
    see: isThere(named('Conversation history')),
    without: true,
    with: false,
  },
  'history.showDelete': {
    use: { history: { showDelete: false } },
    before: openRow,
    see: (it) => menuLabels(it).includes('Delete'),
    without: true,
    with: false,
  },
  'history.showRename': {
    use: { history: { showRename: false } },
    before: openRow,
    see: (it) => menuLabels(it).includes('Rename'),
    without: true,
    with: false,
  },
  'startScreen.greeting': {
    use: { startScreen: { greeting: 'Good morning' } },
    see: (it) => it.texts('.greeting')[0],
    without: 'What can I help with today?',
    with: 'Good morning',
  },
  'startScreen.prompts[].label': {
    base: prompt({}),
    use: prompt({ label: 'What is open?' }),
    see: (it) => it.texts('.prompt'),
    without: ['A prompt'],
    with: ['What is open?'],
  },
  'startScreen.prompts[].prompt[].type': {
    base: prompt({ prompt: [TEXT] }),
    use: tag({}),
    before: choosePrompt,
    see: (it) => sentParts(it).map(({ type }) => type),
    without: ['input_text'],
    with: ['input_text', 'input_tag'],
    values: {
      use: (type: 'input_text') => prompt({ prompt: [{ type, text: 'Ann', id: 'ann' } as UserMessageContent] }),
      see: (it) => sentParts(it)[0]?.type,
      are: 'different',
    },
  },
  'startScreen.prompts[].prompt[].text': {
    base: tag({}),
    use: tag({ text: 'Anna' }),
    before: choosePrompt,
    see: (it) => it.texts('.bubble'),
    without: ['About Ann'],
    with: ['About Anna'],
  },
  'startScreen.prompts[].prompt[].id': {
    base: tag({}),
    use: tag({ id: 'anna' }),
    before: choosePrompt,
    see: sentTag('id'),
    without: 'ann',
    with: 'anna',
  },
  'startScreen.prompts[].prompt[].group': {
    base: tag({}),
    use: tag({ group: 'People' }),
    before: choosePrompt,
    see: (it) => sentTag('group')(it) ?? 'none',
    without: 'none',
    with: 'People',
  },
  'startScreen.prompts[].prompt[].data': {
    base: tag({}),
    use: tag({ data: { team: 'blue' } }),
    before: choosePrompt,
    see: sentTag('data'),
    without: {},
    with: { team: 'blue' },
  },
  'startScreen.prompts[].prompt[].interactive': {
    base: { ...tag({}), entities: { onClick: press } },
    use: tag({ interactive: true }),
    before: choosePrompt,
    see: (it) => it.texts('.bubble button'),
    without: [],
    with: ['Ann'],
  },
  'startScreen.prompts[].icon': {
    base: prompt({}),
    use: prompt({ icon: 'search' }),
    see: (it) => it.drawing('.prompt') !== '',
    without: false,
    with: true,
    values: {
      use: (icon: 'agent') => prompt({ icon }),
      see: (it) => it.drawing('.prompt'),
      are: 'drawn',
      sideBySide: true,
    },
  },
  'threadItemActions.feedback': {
    base: inOld,
    use: { threadItemActions: { feedback: true } },
    see: (it) => [it.$(named('Good answer')), it.$(named('Bad answer'))].map((button) => button !== null),
    without: [false, false],
    with: [true, true],
  },
  'threadItemActions.retry': {
    base: inOld,
    use: { threadItemActions: { retry: true } },
    see: isThere(named('Retry')),
    without: false,
    with: true,
  },
  'thread.autoScroll': {
    base: { initialThread: 'thr_long' },
    use: { thread: { autoScroll: false } },
    before: (it) => it.say('hello'),
    // The question moves to the top, or the end of its answer stays at the bottom.
    see: (it) =>
      ([...(it.element.shadowRoot?.querySelectorAll('.bubble') ?? [])].at(-1)?.getBoundingClientRect().top ?? 0) < 200,
    without: false,
    with: true,
  },
  'disclaimer.text': {
    use: { disclaimer: { text: 'Check *what* matters.' } },
    see: (it) => it.texts('.disclaimer, .disclaimer em'),
    without: [],
    with: ['Check what matters.', 'what'],
  },
  'disclaimer.highContrast': {
    base: { disclaimer: { text: 'Check it.' } },
    use: { disclaimer: { text: 'Check it.', highContrast: true } },
    see: (it) => it.style('.disclaimer', 'color') === it.style('.root', 'color'),
    without: false,
    with: true,
  },
}
