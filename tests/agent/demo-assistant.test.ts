import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { planNextStep } from '#lib/agent/models/demo/next-step.ts'
import type { DirectTurn, OfferedTool } from '#lib/agent/models/direct/read-turn.ts'
import { announceAttachment, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'
import { conversation, halfOpen } from '#tests/support/conversation.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// A Sunday evening in Zurich, one hour ahead of UTC.
const about = {
  person: {
    id: 'usr_1',
    email: 'ann@example.com',
    name: 'Ann',
    role: 'member',
    timeZone: 'Europe/Zurich',
    locale: 'en',
  } as const,
  timeZone: 'Europe/Zurich',
  now: new Date('2026-11-22T20:00:00Z'),
}

const tool = (
  name: string,
  properties: Record<string, { type: string }> = {},
  required: string[] = [],
): OfferedTool => ({
  name,
  properties,
  required,
})
const TOOLS = [
  tool('whoami'),
  tool('list_tasks'),
  tool('add_task', { title: { type: 'string' }, due: { type: 'string' } }, ['title']),
  tool('update_task'),
  tool('complete_task', { number: { type: 'integer' } }, ['number']),
  tool('delete_task'),
  tool('search_notes'),
  tool('get_note'),
  tool('save_note'),
]

/** The assistant's first step for a message. */
function first(text: string, more: Partial<DirectTurn> = {}) {
  return planNextStep({ text, answers: [], earlier: [], tools: TOOLS, ...more }, about)
}
const answered = (value: unknown) => ({ text: JSON.stringify(value), value, failed: false })

type Meaning = [message: string, tool: string, args: Record<string, unknown>]

const meanings: Meaning[] = [
  ['remind me to call Ann on Friday', 'add_task', { title: 'Call Ann', due: '2026-11-27' }],
  ['Remind me to call Ann on Friday at 3pm.', 'add_task', { title: 'Call Ann', due: '2026-11-27T15:00' }],
  ['please remind me tomorrow to water the plants', 'add_task', { title: 'Water the plants', due: '2026-11-23' }],
  ['remind me on Monday at 9:30 to send the report', 'add_task', { title: 'Send the report', due: '2026-11-23T09:30' }],
  ['Remind me in 20 minutes to take the cake out', 'add_task', { title: 'Take the cake out', due: '2026-11-22T21:20' }],
  ['could you remind me about the dentist next Tuesday?', 'add_task', { title: 'The dentist', due: '2026-11-24' }],
  ['add a task: buy milk tomorrow', 'add_task', { title: 'Buy milk', due: '2026-11-23' }],
  ['add a task: buy milk', 'add_task', { title: 'Buy milk' }],
  ['Add task buy sun cream', 'add_task', { title: 'Buy sun cream' }],
  ['add task "pay the rent" by December 1', 'add_task', { title: 'Pay the rent', due: '2026-12-01' }],
  ['add buy stamps to my list', 'add_task', { title: 'Buy stamps' }],
  ['todo: file the taxes until 2027-03-31', 'add_task', { title: 'File the taxes', due: '2027-03-31' }],
  ['create a reminder to stretch every hour', 'add_task', { title: 'Stretch every hour' }],
  ['I need to ask May about the offer', 'add_task', { title: 'Ask May about the offer' }],
  ["don't forget", '', {}],
  ["don't let me forget to lock the door tonight", 'add_task', { title: 'Lock the door', due: '2026-11-22' }],
  ['remember to breathe', 'add_task', { title: 'Breathe' }],
  ['what is open?', 'list_tasks', { status: 'open' }],
  ["What's open?", 'list_tasks', { status: 'open' }],
  ['list my tasks', 'list_tasks', { status: 'open' }],
  ['show me all my open tasks please', 'list_tasks', { status: 'open' }],
  ['what do I have to do?', 'list_tasks', { status: 'open' }],
  ['my todo list', 'list_tasks', { status: 'open' }],
  ['what is due today?', 'list_tasks', { status: 'open', due_to: '2026-11-22' }],
  ['what do I have tomorrow', 'list_tasks', { status: 'open', due_from: '2026-11-23', due_to: '2026-11-23' }],
  ['tasks for this week', 'list_tasks', { status: 'open', due_to: '2026-11-22' }],
  ['what is due next week', 'list_tasks', { status: 'open', due_from: '2026-11-23', due_to: '2026-11-29' }],
  ["what's overdue?", 'list_tasks', { status: 'open', due_to: '2026-11-21' }],
  ['what have I done?', 'list_tasks', { status: 'done' }],
  ['show completed tasks', 'list_tasks', { status: 'done' }],
  ['find tasks about milk', 'list_tasks', { status: 'all', text: 'milk' }],
  ['done with 2', 'complete_task', { number: 2 }],
  ['Done with #2!', 'complete_task', { number: 2 }],
  ["I'm done with task 2", 'complete_task', { number: 2 }],
  ['finished 12', 'complete_task', { number: 12 }],
  ['complete task 3', 'complete_task', { number: 3 }],
  ['mark 2 as done', 'complete_task', { number: 2 }],
  ['2 is done', 'complete_task', { number: 2 }],
  ['check off 4', 'complete_task', { number: 4 }],
  ['done with the milk', 'list_tasks', { status: 'open', text: 'milk' }],
  ['mark milk as done', 'list_tasks', { status: 'open', text: 'milk' }],
  ['reopen 2', 'update_task', { number: 2, done: false }],
  ['2 is not done', 'update_task', { number: 2, done: false }],
  ['move 2 to Monday', 'update_task', { number: 2, due: '2026-11-23' }],
  ['postpone task 2 until tomorrow at 8am', 'update_task', { number: 2, due: '2026-11-23T08:00' }],
  ['2 is due on December 24th', 'update_task', { number: 2, due: '2026-12-24' }],
  ['set 2 to never', 'update_task', { number: 2, due: null }],
  ['rename 2 to buy oat milk', 'update_task', { number: 2, title: 'buy oat milk' }],
  ['change 2 to buy oat milk', 'update_task', { number: 2, title: 'buy oat milk' }],
  ['delete task 2', 'delete_task', { number: 2 }],
  ['remove #2', 'delete_task', { number: 2 }],
  ['delete the milk task', 'list_tasks', { status: 'open', text: 'milk' }],
  ['note: the door code is 4711', 'save_note', { body: 'the door code is 4711' }],
  ['Note that the door code is 4711.', 'save_note', { body: 'the door code is 4711' }],
  ['take a note: first line\nsecond line', 'save_note', { body: 'first line\nsecond line' }],
  ['remember that Ann likes tea', 'save_note', { body: 'Ann likes tea' }],
  ['write down the wifi is hunter2', 'save_note', { body: 'the wifi is hunter2' }],
  ['find door code', 'search_notes', { query: 'door code' }],
  ['search my notes for the door code', 'search_notes', { query: 'door code' }],
  ['what is the door code?', 'search_notes', { query: 'door code' }],
  ["where's my passport", 'search_notes', { query: 'passport' }],
  ['what did I note about Ann?', 'search_notes', { query: 'Ann' }],
  ['show my notes', 'search_notes', {}],
  ['who am I?', 'whoami', {}],
  ["what's my name?", 'whoami', {}],
  ['/whoami', 'whoami', {}],
  ['/add_task buy milk', 'add_task', { title: 'buy milk' }],
  ['/add_task title=milk due=2026-12-01', 'add_task', { title: 'milk', due: '2026-12-01' }],
  [
    '/add_task title="buy \\"good\\" milk" due="2026-12-01T10:00"',
    'add_task',
    { title: 'buy "good" milk', due: '2026-12-01T10:00' },
  ],
  ["/add_task title='two words'", 'add_task', { title: 'two words' }],
  ['/add_task title=123', 'add_task', { title: '123' }],
  ['/add_task {"title": "json"}', 'add_task', { title: 'json' }],
  ['/complete_task number=3', 'complete_task', { number: 3 }],
  ['/complete_task 3', 'complete_task', { number: 3 }],
  [
    '/list_tasks a={"x": [1, "}"], "y": null} b=[1, 2] c=true d=-1.5 e=null f=plain',
    'list_tasks',
    { a: { x: [1, '}'], y: null }, b: [1, 2], c: true, d: -1.5, e: null, f: 'plain' },
  ],
]

test.each(meanings.filter(([, tool]) => tool))('%s', (message, tool, args) => {
  expect(first(message)).toEqual({ calls: [{ tool, args }] })
})

test.each([
  ['help', /demo assistant/],
  ['?', /demo assistant/],
  ['hello', /Hello Ann/],
  ['thank you!', /welcome/],
  ['what time is it?', /21:00/],
  ['who are you?', /demo assistant/],
  ['write me a poem about the sea', /OPENAI_API_KEY/],
  ["don't forget", /OPENAI_API_KEY/],
  ['', /OPENAI_API_KEY/],
  ['call Ann tomorrow', /remind me to call Ann tomorrow/],
  ['remind me to', /What shall I/],
  ['move 2 to the moon', /date "the moon"/],
  ['/tools', /\/add_task title=… \[due=…\]/],
  ['/no_such_tool', /no tool `no_such_tool`/],
  ['/add_task title="open', /could not read/],
  ['/list_tasks what ever', /could not read/],
])('"%s" is answered without a tool', (message, says) => {
  const step = first(message)
  expect('say' in step ? step.say : step).toMatch(says)
})

test('no message makes the assistant throw, and no long one keeps it busy for minutes', () => {
  const words = fc.constantFrom(
    '/add_task',
    'title=',
    '"',
    "'",
    '{',
    '[',
    'note:',
    'done with',
    'move',
    '2',
    'to',
    'friday',
    'remind me',
    '   ',
    '\n',
    'is',
    'it',
    '#',
  )
  const messages = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 30 }).map((parts) => parts.join(' ')),
  )
  fc.assert(
    fc.property(messages, (text) => {
      const step = first(text)
      expect('say' in step ? step.say : step.calls.length).toBeTruthy()
    }),
    { numRuns: 500 },
  )
  // A pattern that backtracks would not end within the test's timeout.
  for (const part of [' ', 'please ', 'a ', '1 ', '/x a=', '(', 'friday ', 'note ', 'done with '])
    for (const size of [1_990, 100_000]) first(`move ${part.repeat(size / part.length)}x`)
})

test('a long text is saved only as a note', () => {
  const body = 'word '.repeat(2_000).trim()
  expect(first(`note: ${body}`)).toEqual({ calls: [{ tool: 'save_note', args: { body } }] })
  const step = first(body)
  expect('say' in step && step.say).toContain('note:')
})

describe('what it says about tool results', () => {
  const milk = { number: 3, title: 'Buy *milk*', due: '2026-11-23', done: false }
  const tea = { number: 4, title: 'Buy tea', due: null, done: false }

  test.each<[string, unknown[], RegExp]>([
    ['add a task: buy milk tomorrow', [milk], /^Added: \*\*3\*\* Buy \\\*milk\\\*, due tomorrow\.$/],
    [
      'what is open?',
      [{ tasks: [milk, tea] }],
      /2 tasks are open:\n\n- \*\*3\*\* .*\(tomorrow\)\n- \*\*4\*\* Buy tea$/,
    ],
    ['what is open?', [{ tasks: [] }], /Nothing is open/],
    ['done with tea', [{ tasks: [tea] }, { ...tea, done: true }], /Done: ~~Buy tea~~ \(4\)/],
    ['done with buy', [{ tasks: [milk, tea] }], /Which one do you mean/],
    ['done with coffee', [{ tasks: [] }], /found no open task about "coffee"/],
    ['delete the milk task', [{ tasks: [milk] }], /Say `delete task 3`/],
    [
      'find door code',
      [{ notes: [{ id: 'n', title: 'door' }] }, { title: 'door', body: 'code\n4711' }],
      /\*\*door\*\*\n\n> code\n> 4711/,
    ],
    [
      'find door',
      [
        {
          notes: [
            { id: 'n', title: 'a', snippet: 's' },
            { id: 'm', title: 'b' },
          ],
        },
      ],
      /2 notes:\n\n- \*\*a\*\*: s\n- \*\*b\*\*/,
    ],
    ['find door', [{ notes: [] }], /^I found no note about "door"\.$/],
    ['what is the weather?', [{ notes: [] }], /no note about "weather"[\s\S]*OPENAI_API_KEY/],
    ['/whoami', [{ name: 'Ann' }], /`whoami` answered:\n\n```json\n\{\n {2}"name": "Ann"/],
  ])('%s', (message, values, says) => {
    const step = first(message, { answers: values.map(answered) })
    expect('say' in step ? step.say : JSON.stringify(step)).toMatch(says)
  })

  test('a failure is reported with its reason', () => {
    const step = first('done with 77', {
      answers: [{ text: 'No task has number 77.', value: undefined, failed: true }],
    })
    expect(step).toEqual({ say: 'That did not work: No task has number 77.' })
  })

  test('several numbers are several calls, and each result counts', () => {
    expect(first('done with 1, 2 and 3')).toEqual({
      calls: [1, 2, 3].map((number) => ({ tool: 'complete_task', args: { number } })),
    })
    const answers = [
      answered({ ...milk, number: 1 }),
      { text: 'No task has number 2.', value: undefined, failed: true },
    ]
    const step = first('done with 1 and 2', { answers })
    expect('say' in step && step.say).toMatch(/Done: .*\(1\)\.\nThat did not work: No task has number 2\./)
  })

  test('"it" is the last mentioned task; if there is none or more than one, the assistant asks', () => {
    expect(first('done with it', { earlier: [answered(milk)] })).toEqual({
      calls: [{ tool: 'complete_task', args: { number: 3 } }],
    })
    expect(first('move it to Friday', { earlier: [answered({ tasks: [tea] })] })).toEqual({
      calls: [{ tool: 'update_task', args: { number: 4, due: '2026-11-27' } }],
    })
    for (const earlier of [[], [answered({ tasks: [milk, tea] })]]) {
      expect(first('done with it', { earlier })).toEqual({ calls: [{ tool: 'list_tasks', args: { status: 'open' } }] })
      const asks = first('done with it', { earlier, answers: [answered({ tasks: [milk, tea] })] })
      expect('say' in asks && asks.say).toMatch(/not sure which task[\s\S]*done with 3[\s\S]*\*\*4\*\*/)
    }
  })
})

describe('tools of several servers', () => {
  test('a tool with a server prefix is found by its own name', () => {
    expect(first('what is open?', { tools: [tool('desk_list_tasks')] })).toEqual({
      calls: [{ tool: 'desk_list_tasks', args: { status: 'open' } }],
    })
    expect(first('/list_tasks', { tools: [tool('desk_list_tasks')] })).toEqual({
      calls: [{ tool: 'desk_list_tasks', args: {} }],
    })
  })

  test('an ambiguous tool name is asked about', () => {
    const step = first('/find', { tools: [tool('a_find'), tool('b_find')] })
    expect('say' in step && step.say).toMatch(/Which one do you mean\? `\/a_find`, `\/b_find`/)
  })

  test('a missing tool is named', () => {
    const step = first('what is open?', { tools: [] })
    expect('say' in step && step.say).toContain('`list_tasks`')
  })
})

describe('in a conversation with real tools', () => {
  const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
  let caller: Caller
  beforeEach(async () => {
    caller = (await signedIn({ name: 'Ann', timeZone: 'Europe/Zurich' })).caller
  })

  test('tasks and notes can be added, listed, completed and found', async () => {
    const chat = await conversation(caller, { builtinFetch })
    const said: string[] = []
    for (const message of [
      'add a task: buy milk tomorrow',
      'remind me to call Ann',
      'what is open?',
      'done with milk',
      'what is open?',
      'done with it',
      'done with 77',
      'note: the door code is 4711',
      'find door code',
      'who am I?',
    ]) {
      const turn = await chat.say(message)
      expect(turn.error).toBeUndefined()
      expect(halfOpen(turn.events)).toEqual([])
      said.push(turn.text)
    }
    expect(said).toEqual([
      'Added: **1** Buy milk, due tomorrow.',
      'Added: **2** Call Ann.',
      '2 tasks are open.',
      'Done: ~~Buy milk~~ (1).',
      'One task is open.',
      'Done: ~~Call Ann~~ (2).',
      'That did not work: No task has number 77; call list_tasks to see which there are.',
      'Noted: **the door code is 4711**. Ask for it with `find …`.',
      'Your note says:\n\n> the door code is 4711',
      expect.stringContaining('You are **Ann**'),
    ])
    const calls = (await listToolCalls({ caller })).data
    expect(calls.map(({ tool }) => tool).reverse()).toEqual([
      'add_task',
      'add_task',
      'list_tasks',
      'list_tasks',
      'complete_task',
      'list_tasks',
      'complete_task',
      'complete_task',
      'save_note',
      'search_notes',
      'get_note',
      'whoami',
    ])
  })

  test('answers stream in pieces and name the demo assistant as their model', async () => {
    const turn = await (await conversation(caller, { builtinFetch })).say('help')
    const deltas = turn.events.filter(
      (event) =>
        event.type === 'thread.item.updated' && event.update.type === 'assistant_message.content_part.text_delta',
    )
    expect(deltas.length).toBeGreaterThan(20)
    expect(turn.facts.model).toBe('demo assistant')
  })

  test('any tool of any server can be called by name', async () => {
    await using server = await mcpServer([{ name: 'lookup', run: (args) => ({ got: args }) }])
    withSettings({ MCP_SERVER_URL: server.url })
    const turn = await (await conversation(caller, { builtinFetch })).say('/lookup key="a b" n=2')
    expect(turn.text).toContain('"key": "a b"')
    expect(server.calls).toEqual([{ tool: 'lookup', args: { key: 'a b', n: 2 } }])
  })

  test('a stop ends the answer', async () => {
    const stop = new AbortController()
    const turn = await (await conversation(caller, { builtinFetch })).say('help', {
      signal: stop.signal,
      onEvent: (event) => event.type === 'thread.item.updated' && stop.abort(),
    })
    expect(turn.error).toBeUndefined()
    expect(halfOpen(turn.events)).toEqual([])
    expect(turn.text.length).toBeLessThan(200)
  })
})

test('the content of an attached file is not read as the person’s words', async () => {
  const ann = await signedIn()
  const { id } = await announceAttachment(ann.caller, { name: 'notes.txt', size: 5, mime_type: 'text/plain' })
  await receiveAttachment(ann.caller, id, Buffer.from('water'))
  const input = { ...typed('add a task: buy milk'), attachments: [id] }
  await agentDoor(ann).ask({ type: 'threads.create', params: { input } })
  expect(await withCaller(ann.caller, (tx) => tx.task.findMany())).toMatchObject([{ title: 'Buy milk' }])
})
