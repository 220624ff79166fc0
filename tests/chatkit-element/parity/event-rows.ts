import type { ChatKitEvents } from '@openai/chatkit'
import type { MountedElement } from '#tests/support/element/mounted-element.ts'
import { inOld, OLD, type Options, type Rows } from './row.ts'

const count = (name: keyof ChatKitEvents) => (it: MountedElement) => it.heard(name).length
const say = (text: string) => (it: MountedElement) => it.say(text)
const openOld = (it: MountedElement) => it.element.setThreadId(OLD)
const history = async (it: MountedElement) => {
  await it.element.showHistory()
  await it.find('.history')
}
const clickLink = async (it: MountedElement) => {
  await it.say('effect')
  await it.click('.md a[href^="chatkit-link:"]')
}
const tools: Options = { composer: { tools: [{ id: 'find', label: 'Find', icon: 'search' }] } }
/** A server that refuses an operation. */
const refusing = (operation: string): Options => ({
  ...inOld,
  api: {
    url: '/chatkit',
    domainKey: 'any',
    fetch: async (url, init) =>
      String(init?.body).includes(`"${operation}"`)
        ? Response.json({ message: 'Not today.' }, { status: 500 })
        : fetch(url, init),
  },
})

/** What the page hears. */
export const EVENT_ROWS: Rows = {
  'chatkit.ready': {
    // Options that are refused never make it ready.
    base: { api: { getClientSecret: async () => '' } },
    use: { api: { url: '/chatkit', domainKey: 'any' } },
    see: count('chatkit.ready'),
    without: 0,
    with: 1,
  },
  'chatkit.error.detail.error': {
    use: refusing('threads.get_by_id'),
    see: (it) => it.heard('chatkit.error').map(({ error }) => [error instanceof Error, error.message]),
    without: [],
    with: [[true, 'Not today.']],
  },
  'chatkit.effect.detail.name': {
    call: say('effect'),
    see: (it) => it.heard('chatkit.effect').map(({ name }) => name),
    without: [],
    with: ['confetti'],
  },
  'chatkit.effect.detail.data': {
    call: say('effect'),
    see: (it) => it.heard('chatkit.effect').map(({ data }) => data),
    without: [],
    with: [{ pieces: 3 }],
  },
  'chatkit.deeplink.detail.name': {
    call: clickLink,
    see: (it) => it.heard('chatkit.deeplink').map(({ name }) => name),
    without: [],
    with: ['task/open'],
  },
  'chatkit.deeplink.detail.data': {
    call: clickLink,
    see: (it) => it.heard('chatkit.deeplink').map(({ data }) => data),
    without: [],
    with: [{ id: '7' }],
  },
  'chatkit.response.start': { call: say('hello'), see: count('chatkit.response.start'), without: 0, with: 1 },
  'chatkit.response.end': { call: say('hello'), see: count('chatkit.response.end'), without: 0, with: 1 },
  'chatkit.history.open': { call: history, see: count('chatkit.history.open'), without: 0, with: 1 },
  'chatkit.history.close': {
    before: history,
    call: (it) => it.element.hideHistory(),
    see: count('chatkit.history.close'),
    without: 0,
    with: 1,
  },
  'chatkit.thread.change.detail.threadId': {
    before: openOld,
    call: (it) => it.element.setThreadId(null),
    see: (it) => it.heard('chatkit.thread.change').map(({ threadId }) => threadId),
    without: [OLD],
    with: [OLD, null],
  },
  'chatkit.thread.load.start.detail.threadId': {
    call: openOld,
    see: (it) => it.heard('chatkit.thread.load.start').map(({ threadId }) => threadId),
    without: [],
    with: [OLD],
  },
  'chatkit.thread.load.end.detail.threadId': {
    call: openOld,
    see: (it) => it.heard('chatkit.thread.load.end').map(({ threadId }) => threadId),
    without: [],
    with: [OLD],
  },
  'chatkit.tool.change.detail.toolId': {
    base: tools,
    before: (it) => it.element.setComposerValue({ selectedToolId: 'find' }),
    call: (it) => it.element.setComposerValue({ selectedToolId: null }),
    see: (it) => it.heard('chatkit.tool.change').map(({ toolId }) => toolId),
    without: ['find'],
    with: ['find', null],
  },
  'chatkit.log.detail.name': {
    base: inOld,
    use: refusing('threads.attach'),
    see: (it) => it.heard('chatkit.log').map(({ name }) => name),
    without: [],
    with: ['attach.unavailable'],
  },
  'chatkit.log.detail.data': {
    base: inOld,
    use: refusing('threads.attach'),
    see: (it) => it.heard('chatkit.log').map(({ data }) => typeof data?.message),
    without: [],
    with: ['string'],
  },
}
