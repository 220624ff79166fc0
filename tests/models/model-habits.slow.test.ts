import { beforeEach, describe, expect, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { conversation, halfOpen } from '#tests/support/conversation.ts'
import {
  callChunks,
  callItems,
  chunk,
  endEvent,
  functionCall,
  textChunks,
  textEvents,
} from '#tests/support/models/model-frames.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// What real model servers send. Each answer is repaired before the SDK sees it, and what is sent
// back is valid for strict servers.

const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
const DONE: Step = { text: 'Done.' }

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn()).caller
})

async function open(api: 'chat_completions' | 'responses', ...steps: Step[]) {
  const server = await openAIServer(...steps)
  withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api })
  return {
    server,
    chat: await conversation(caller, { builtinFetch }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** The ledger, oldest first. */
const madeCalls = () =>
  withCaller(caller, async (tx) => {
    const rows = await tx.toolCall.findMany({
      where: { ownerId: caller.userId },
      orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
    })
    const calls = rows.map(({ tool, status, arguments: args }) => ({ tool, status, args }))
    // Calls of one answer are made in parallel.
    return calls.sort((x, y) => JSON.stringify(x.args).localeCompare(JSON.stringify(y.args)))
  })

const bodies = (server: { requests: { body: object }[] }) => server.requests.map(({ body }) => JSON.stringify(body))
const thoughts = (turn: { workflows: { workflow: { tasks: object[] } }[] }) =>
  turn.workflows.flatMap(({ workflow }) =>
    workflow.tasks.flatMap((task) => ('type' in task && task.type === 'thought' ? task : [])),
  )

const chat = 'chat_completions' as const
const responses = 'responses' as const
const title = { title: 'milk' }
const text = JSON.stringify(title)

describe('a tool with a decorated name is recognised', () => {
  const names = [
    'add_task<|channel|>analysis',
    'add_task<|channel|>commentary json',
    '<|channel|>add_task',
    'functions.add_task',
    'functions.add_task:0',
    'tools/add_task',
    'default_api.add_task',
    'to=functions.add_task<|constrain|>json',
    'add_task()',
    ' "add_task" ',
    'add_task</function>',
    'functions::add_task',
    'tool_call:add_task',
    'call:default_api:add_task',
    'assistant.functions.add_task',
    'assistant<|channel|>commentary to=functions.add_task',
    '<tool_call>add_task',
    '<function=add_task>',
    'print(default_api.add_task(',
    'functions/add_task/0',
    '$functions.add_task',
    '**add_task**',
    'add_task\u200b',
  ]
  test.each(names.flatMap((name) => [[chat, name] as const, [responses, name] as const]))(
    'over %s: %s',
    async (api, name) => {
      const frames =
        api === chat
          ? callChunks([{ index: 0, id: 'c1', type: 'function', ...functionCall(name, title) }])
          : callItems({ call_id: 'c1', name, arguments: text })
      await using it = await open(api, { frames }, DONE)
      const turn = await it.chat.say('milk')
      expect(turn.text).toBe('Done.')
      expect(turn.workflows[0]?.workflow.tasks).toMatchObject([{ title: 'Add a task', icon: 'check-circle' }])
      expect(await madeCalls()).toEqual([{ tool: 'add_task', status: 'succeeded', args: title }])
      expect(bodies(it.server)[1]).not.toContain('<|')
    },
  )

  const others = [
    'add-task',
    'add_task.v2',
    'Add_Task.',
    'functions.add_tasks',
    'my.add_task',
    'call_add_task',
    'add_task(title="b")',
    '__proto__',
    'constructor',
    '',
    'x'.repeat(200),
    'ajouter_tâche',
  ]
  test.each(others.flatMap((name) => [[chat, name] as const, [responses, name] as const]))(
    'over %s: an unlisted tool is never guessed, and the next message works: %s',
    async (api, name) => {
      const frames =
        api === chat
          ? callChunks([{ index: 0, id: 'c1', type: 'function', ...functionCall(name, title) }])
          : callItems({ call_id: 'c1', name, arguments: text })
      await using it = await open(api, { frames }, DONE, { text: 'Here.' })
      expect((await it.chat.say('milk')).text).toBe('Done.')
      expect(await madeCalls()).toEqual([])
      expect(bodies(it.server)[1]).toContain('There is no tool named')
      expect((await it.chat.say('and now?')).text).toBe('Here.')
    },
  )
})

describe('arguments', () => {
  const wrong = [
    'null',
    '[]',
    '7',
    'true',
    '"x"',
    '{"title": "x"',
    'title=x',
    '{"title":"a"}{"title":"b"}',
    '[{"title":"x"}]',
    `{"title":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  ]
  test.each(wrong.flatMap((args) => [[chat, args] as const, [responses, args] as const]))(
    'over %s that are not an object are reported to the model, in this turn and later: %s',
    async (api, args) => {
      const frames =
        api === chat
          ? callChunks([{ index: 0, id: 'c1', type: 'function', ...functionCall('list_tasks', args) }])
          : callItems({ call_id: 'c1', name: 'list_tasks', arguments: args })
      await using it = await open(api, { frames }, { calls: [{ name: 'add_task', arguments: title }] }, DONE, {
        text: 'Here.',
      })
      const turn = await it.chat.say('milk')
      expect(turn.text).toBe('Done.')
      expect(bodies(it.server)[1]).toContain('has to be one whole JSON object'.replace('has', 'have'))
      expect(await madeCalls()).toEqual([{ tool: 'add_task', status: 'succeeded', args: title }])
      expect((await it.chat.say('and now?')).text).toBe('Here.')
    },
  )

  test.each([chat, responses])('over %s that are an object instead of its JSON text are accepted', async (api) => {
    const frames =
      api === chat
        ? callChunks([{ index: 0, id: 'c1', type: 'function', function: { name: 'add_task', arguments: title } }])
        : callItems({ call_id: 'c1', name: 'add_task', arguments: title })
    await using it = await open(api, { frames }, DONE)
    expect((await it.chat.say('milk')).text).toBe('Done.')
    expect(await madeCalls()).toEqual([{ tool: 'add_task', status: 'succeeded', args: title }])
  })

  test.each([chat, responses])('over %s that are missing become an empty object', async (api) => {
    const frames =
      api === chat
        ? callChunks([{ index: 0, id: 'c1', type: 'function', function: { name: 'list_tasks' } }])
        : callItems({ call_id: 'c1', name: 'list_tasks' })
    await using it = await open(api, { frames }, DONE)
    expect((await it.chat.say('milk')).text).toBe('Done.')
    expect(await madeCalls()).toEqual([{ tool: 'list_tasks', status: 'succeeded', args: {} }])
  })
})

const a = { title: 'a' }
const b = { title: 'b' }
const two = [
  { tool: 'add_task', status: 'succeeded', args: a },
  { tool: 'add_task', status: 'succeeded', args: b },
]

describe('calls', () => {
  const one = [two[0]]
  const cases: [string, object[], object[]][] = [
    ['without an id', callChunks([{ index: 0, ...functionCall('add_task', a) }]), one as object[]],
    ['with an empty id', callChunks([{ index: 0, id: '', ...functionCall('add_task', a) }]), one as object[]],
    ['with a number for an id', callChunks([{ index: 0, id: 7, ...functionCall('add_task', a) }]), one as object[]],
    [
      'without an index',
      callChunks([
        { id: 'x', ...functionCall('add_task', a) },
        { id: 'y', ...functionCall('add_task', b) },
      ]),
      two,
    ],
    ['without index or id, one a chunk', callChunks([functionCall('add_task', a)], [functionCall('add_task', b)]), two],
    [
      'with the same index',
      callChunks(
        [{ index: 0, id: 'x', ...functionCall('add_task', a) }],
        [{ index: 0, id: 'y', ...functionCall('add_task', b) }],
      ),
      two,
    ],
    [
      'with the same id',
      callChunks([
        { index: 0, id: 'x', ...functionCall('add_task', a) },
        { index: 1, id: 'x', ...functionCall('add_task', b) },
      ]),
      two,
    ],
    [
      'with the same id and index',
      callChunks(
        [{ index: 0, id: 'x', ...functionCall('add_task', a) }],
        [{ index: 0, id: 'x', ...functionCall('add_task', b) }],
      ),
      two,
    ],
    [
      'with the same index and no id',
      callChunks([{ index: 0, ...functionCall('add_task', a) }], [{ index: 0, ...functionCall('add_task', b) }]),
      two,
    ],
    [
      'with the name in each chunk',
      callChunks(
        [{ index: 0, id: 'x', ...functionCall('add_task', '{"title"') }],
        [{ index: 0, id: 'x', ...functionCall('add_task', ':"a"}') }],
      ),
      one as object[],
    ],
    [
      'with the name in each chunk and no index',
      callChunks(
        [{ id: 'x', ...functionCall('add_task', '{"title"') }],
        [{ id: 'x', ...functionCall('add_task', ':"a"}') }],
      ),
      one as object[],
    ],
    [
      'with another id in each chunk',
      callChunks(
        [{ index: 0, id: 'x', ...functionCall('add_task', '') }],
        [{ index: 0, id: 'y', function: { arguments: '{"title":' } }],
        [{ index: 0, id: 'z', function: { arguments: '"a"}' } }],
      ),
      one as object[],
    ],
    [
      'with a name in pieces',
      callChunks([{ index: 0, id: 'x', ...functionCall('add_', '') }], [{ index: 0, ...functionCall('task', a) }]),
      one as object[],
    ],
    [
      'with an id that comes late',
      callChunks(
        [{ index: 0, ...functionCall('add_task', '{"title"') }],
        [{ index: 0, id: 'x', function: { arguments: ':"a"}' } }],
      ),
      one as object[],
    ],
    [
      'after an empty object, as of Bedrock',
      callChunks(
        [{ index: 0, id: 'x', ...functionCall('add_task', '{}') }],
        [{ index: 0, function: { arguments: JSON.stringify(a) } }],
      ),
      one as object[],
    ],
    [
      'two at once, in pieces without an index',
      callChunks(
        [
          { id: 'x', ...functionCall('add_task', '') },
          { id: 'y', ...functionCall('add_task', '') },
        ],
        [{ function: { arguments: JSON.stringify(a) } }, { function: { arguments: JSON.stringify(b) } }],
      ),
      two,
    ],
    [
      'interleaved',
      callChunks(
        [
          { index: 0, id: 'x', ...functionCall('add_task', '') },
          { index: 1, id: 'y', ...functionCall('add_task', '') },
        ],
        [{ index: 1, function: { arguments: JSON.stringify(b) } }],
        [{ index: 0, function: { arguments: JSON.stringify(a) } }],
      ),
      two,
    ],
    [
      'with an index that is a string',
      callChunks(
        [
          { index: '0', id: 'x', ...functionCall('add_task', '') },
          { index: '1', id: 'y', ...functionCall('add_task', '') },
        ],
        [{ index: '1', function: { arguments: JSON.stringify(b) } }],
        [{ index: '0', function: { arguments: JSON.stringify(a) } }],
      ),
      two,
    ],
    [
      'without a list around them',
      [chunk({ tool_calls: { index: 0, id: 'x', ...functionCall('add_task', a) } }), chunk({}, 'tool_calls')],
      one as object[],
    ],
    [
      'in the old function_call field',
      [chunk({ function_call: { name: 'add_task', arguments: JSON.stringify(a) } }), chunk({}, 'function_call')],
      one as object[],
    ],
    [
      'without the function object',
      callChunks([{ index: 0, id: 'x', name: 'add_task', arguments: JSON.stringify(a) }]),
      one as object[],
    ],
    [
      'in a choice without an index',
      [
        { choices: [{ delta: { tool_calls: [{ index: 0, id: 'x', ...functionCall('add_task', a) }] } }] },
        { choices: [{ delta: {}, finish_reason: 'stop' }] },
      ],
      one as object[],
    ],
    [
      'with a very long id',
      callChunks([{ index: 0, id: 'x'.repeat(100), ...functionCall('add_task', a) }]),
      one as object[],
    ],
  ]
  test.each(cases)('over chat_completions, %s: each is made once', async (_, frames, made) => {
    await using it = await open(chat, { frames }, DONE, { frames }, DONE)
    it.server.accepts = (fault) => /has 100 characters/.test(fault)
    const turn = await it.chat.say('tasks')
    expect(turn.text).toBe('Done.')
    expect(await madeCalls()).toEqual(made)
    expect(new Set((await listToolCalls({ caller })).data.map(({ callId }) => callId)).size).toBe(made.length)
    expect(halfOpen(turn.events)).toEqual([])
    // The same ids again in the next turn.
    expect((await it.chat.say('again')).text).toBe('Done.')
    expect(await madeCalls()).toEqual(
      [...made, ...made].sort((x, y) => JSON.stringify(x).localeCompare(JSON.stringify(y))),
    )
  })

  const item = (args: object, more: object) => ({ name: 'add_task', arguments: JSON.stringify(args), ...more })
  const streamedOnly = [
    ...callItems(item(a, { id: 'fc_1', call_id: 'x' }), item(b, { id: 'fc_2', call_id: 'y' })).slice(0, -1),
    endEvent([]),
  ]
  const items: [string, object[]][] = [
    ['without an id', callItems(item(a, {}), item(b, {}))],
    ['with an empty id', callItems(item(a, { call_id: '' }), item(b, { call_id: '' }))],
    ['with the same id', callItems(item(a, { call_id: 'x', id: 'fc_1' }), item(b, { call_id: 'x', id: 'fc_1' }))],
    [
      'with ids that are not OpenAI’s',
      callItems(item(a, { call_id: 'x', id: '1' }), item(b, { call_id: 'y', id: '' })),
    ],
    ['that the last event does not list', streamedOnly],
    [
      'after reasoning without an id',
      [
        {
          type: 'response.output_item.done',
          output_index: 0,
          item: { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
        },
        ...callItems(item(a, { call_id: 'x' }), item(b, { call_id: 'y' })),
      ],
    ],
    [
      'after reasoning in another form',
      [
        {
          type: 'response.output_item.done',
          output_index: 0,
          item: { type: 'reasoning', id: 'r7', content: [{ type: 'reasoning_text', text: 'hm' }] },
        },
        ...callItems(item(a, { call_id: 'x' }), item(b, { call_id: 'y' })),
      ],
    ],
    [
      'that only the last event lists',
      [
        endEvent([
          { type: 'function_call', ...item(a, { call_id: 'x' }) },
          { type: 'function_call', ...item(b, { call_id: 'y' }) },
        ]),
      ],
    ],
    [
      'whose arguments were only streamed',
      [a, b]
        .flatMap((args, index) => [
          {
            type: 'response.output_item.added',
            output_index: index,
            item: { type: 'function_call', id: `fc_${index}`, call_id: `c${index}`, name: 'add_task', arguments: '' },
          },
          {
            type: 'response.function_call_arguments.delta',
            item_id: `fc_${index}`,
            output_index: index,
            delta: JSON.stringify(args),
          },
          {
            type: 'response.output_item.done',
            output_index: index,
            item: { type: 'function_call', id: `fc_${index}`, call_id: `c${index}`, name: 'add_task' },
          },
        ])
        .concat(endEvent([]) as never),
    ],
  ]
  test.each(items)('over responses, %s: each is made once', async (_, frames) => {
    await using it = await open(responses, { frames }, DONE, { frames }, DONE)
    const turn = await it.chat.say('tasks')
    expect(turn.text).toBe('Done.')
    expect(await madeCalls()).toEqual(two)
    expect(new Set((await listToolCalls({ caller })).data.map(({ callId }) => callId)).size).toBe(2)
    expect((await it.chat.say('again')).text).toBe('Done.')
    expect(await madeCalls()).toEqual([two[0], two[0], two[1], two[1]])
  })
})

test.each([chat, responses])(
  'over %s a conversation with stored calls that no server would accept can go on',
  async (api) => {
    await using it = await open(api, { text: 'Here.' })
    const { store, thread } = it.chat
    const kept = (call_id: string, name: string, args: string) =>
      store.addItem(thread.id, {
        id: store.newItemId('hidden_context'),
        thread_id: thread.id,
        created_at: new Date().toISOString(),
        type: 'hidden_context_item',
        content: { kind: 'tool_call', call_id, name, arguments: args, output: '' },
      })
    await kept('call_0', 'add_task<|channel|>analysis', text)
    await kept('call_0', 'add_task', 'null')
    await kept('', 'add_task', '{"half')
    await kept('call_0', '', '')
    expect((await it.chat.say('hello')).text).toBe('Here.')
  },
)

describe('content', () => {
  const parts: [string, object[], string][] = [
    [
      'as a list of parts',
      [
        chunk({
          content: [
            { type: 'text', text: 'Hello ' },
            { type: 'text', text: 'you' },
          ],
        }),
        chunk({}, 'stop'),
      ],
      'Hello you',
    ],
    ['as a list of strings', [chunk({ content: ['Hello ', 'you'] }), chunk({}, 'stop')], 'Hello you'],
    ['as one part', [chunk({ content: { type: 'text', text: 'Hello you' } }), chunk({}, 'stop')], 'Hello you'],
    [
      'as a whole message',
      [{ choices: [{ index: 0, message: { role: 'assistant', content: 'Hello you' }, finish_reason: 'stop' }] }],
      'Hello you',
    ],
    [
      'among meaningless frames',
      [
        null,
        7,
        [],
        {},
        { choices: null },
        { choices: [] },
        chunk({ content: 'Hello you' }),
        chunk({}, ''),
        chunk({}, 'stop'),
      ] as object[],
      'Hello you',
    ],
  ]
  test.each(parts)('over chat_completions %s is read', async (_, frames, expected) => {
    await using it = await open(chat, { frames })
    expect((await it.chat.say('hello')).text).toBe(expected)
  })

  const message = (content: unknown) => ({ id: 'msg_1', type: 'message', role: 'assistant', content })
  const events: [string, object[]][] = [
    ['as one string', [endEvent([message('Hello you')])]],
    ['as parts with another type', [endEvent([message([{ type: 'text', text: 'Hello you' }])])]],
    ['that no item announced', [{ type: 'response.output_text.delta', delta: 'Hello you' }, endEvent([])]],
    [
      'that arrived only as a whole item',
      [
        {
          type: 'response.output_item.done',
          output_index: 0,
          item: message([{ type: 'output_text', text: 'Hello you' }]),
        },
        endEvent([]),
      ],
    ],
    [
      'that is listed but not streamed',
      [endEvent([message([{ type: 'output_text', text: 'Hello you', annotations: [] }])])],
    ],
  ]
  test.each(events)('over responses %s is read', async (_, frames) => {
    await using it = await open(responses, { frames })
    const turn = await it.chat.say('hello')
    expect(turn.text).toBe('Hello you')
    expect(turn.messages).toHaveLength(1)
  })
})

describe('reasoning inside the answer', () => {
  const cases: [string, string[], string, string][] = [
    [
      'whole',
      ['<think>', '\nI should ', 'greet.\n', '</think>', '\n\nHello ', 'there'],
      'Hello there',
      'I should greet.\n',
    ],
    ['split over chunks', ['<th', 'ink>secret pl', 'an</th', 'ink>Visible', ' text'], 'Visible text', 'secret plan'],
    ['in one chunk', ['<thinking>plan</thinking>Visible'], 'Visible', 'plan'],
    ['letter by letter', [...'<think>plan</think>Visible'], 'Visible', 'plan'],
    ['closed only', ['secret ', 'plan', '</think>', 'Visible', ' text'], 'Visible text', 'secret plan'],
    [
      'of gpt-oss',
      [
        '<|channel|>analysis<|mess',
        'age|>plan<|end|><|start|>assistant<|channel|>final<|message|>',
        'Visible<|return|>',
      ],
      'Visible',
      'plan',
    ],
    ['of Magistral', ['[THINK]plan[/THINK]Visible'], 'Visible', 'plan'],
    [
      'of Cohere',
      ['<|START_THINKING|>plan<|END_THINKING|><|START_RESPONSE|>Visible<|END_RESPONSE|>'],
      'Visible',
      'plan',
    ],
    [
      'of OpenThinker',
      ['<|begin_of_thought|>plan<|end_of_thought|>\n<|begin_of_solution|>Visible<|end_of_solution|>'],
      'Visible',
      'plan',
    ],
    ['of MedGemma', ['<unused94>thought\nplan<unused95>Visible'], 'Visible', 'plan'],
    ['beside a letter that is longer in lower case', ['<think>İİ</think>İVisible'], 'İVisible', 'İİ'],
    ['of Kimi', ['◁think▷plan◁/think▷Visible'], 'Visible', 'plan'],
    ['after the first line', ['Well.\n<think>plan</think>\nVisible'], 'Well.\nVisible', 'plan'],
  ]
  test.each(cases.flatMap((one) => [[chat, ...one] as const, [responses, ...one] as const]))(
    'over %s, %s: it is shown as reasoning instead of text, and not sent back',
    async (api, _, pieces, answer, thought) => {
      const frames = api === chat ? textChunks(pieces) : textEvents(pieces)
      await using it = await open(api, { frames }, { text: 'Here.' })
      const turn = await it.chat.say('hello')
      expect(turn.text).toBe(answer)
      expect(thoughts(turn)).toMatchObject([{ type: 'thought', content: thought }])
      expect(halfOpen(turn.events)).toEqual([])
      const items = await it.chat.items()
      expect(items.flatMap((item) => (item.type === 'assistant_message' ? item.content[0]?.text : []))).toEqual([
        answer,
      ])
      await it.chat.say('and now?')
      expect(bodies(it.server)[1]).not.toContain(thought.trim())
      expect(bodies(it.server)[1]).not.toMatch(/think/i)
    },
  )

  // Scanning the whole text for each mark took most of a minute and blocked the process.
  test.each([
    ['ends', `Hi ${'<|im_end|>'.repeat(60_000)}`, 'Hi '],
    ['thoughts', `${'<think>x</think>\n'.repeat(36_000)}Hi`, 'Hi'],
  ])('thousands of %s in one piece are read', async (_, said, answer) => {
    await using it = await open(chat, { frames: textChunks([said]) })
    const turn = await it.chat.say('hello')
    expect(turn.text).toBe(answer)
    // Each update of a thought carries all of it. One for each delta would be hundreds of megabytes.
    expect(JSON.stringify(turn.events).length).toBeLessThan(20 * said.length)
  })

  test.each([chat, responses])('over %s an empty reasoning block leaves nothing behind', async (api) => {
    const pieces = ['<think>\n\n</think>\n\n', 'Hello']
    await using it = await open(api, { frames: api === chat ? textChunks(pieces) : textEvents(pieces) })
    const turn = await it.chat.say('hello')
    expect(turn.text).toBe('Hello')
    expect(turn.workflows).toEqual([])
  })

  test.each([chat, responses])('over %s a reasoning block that never ends is not an answer', async (api) => {
    const pieces = ['<think>and on and on']
    await using it = await open(api, { frames: api === chat ? textChunks(pieces) : textEvents(pieces) })
    const turn = await it.chat.say('hello')
    expect(turn.text).toBe('')
    expect(turn.messages).toEqual([])
    expect(thoughts(turn)).toMatchObject([{ content: 'and on and on' }])
    expect(turn.error).toBeDefined()
  })

  const plain = [
    'Write `<think>` first.',
    'a < b and <thin ice',
    '```\n<think>x</think>\n```\nas code',
    'It ends with `</think>` here.',
    'The tag <think> opens it.',
    'Bye.</think>',
  ]
  test.each(plain.flatMap((said) => [[chat, said] as const, [responses, said] as const]))(
    'over %s an answer that only mentions the marks stays: %s',
    async (api, said) => {
      const pieces = said.match(/.{1,3}/gs) as string[]
      await using it = await open(api, { frames: api === chat ? textChunks(pieces) : textEvents(pieces) })
      const turn = await it.chat.say('hello')
      expect(turn.text).toBe(said.replace(/\.<\/think>$/, '.'))
      expect(turn.workflows).toEqual([])
    },
  )

  const fields: [string, object[]][] = [
    ['reasoning_content', [chunk({ reasoning_content: 'pl' }), chunk({ reasoning_content: 'an' })]],
    ['reasoning', [chunk({ reasoning: 'plan' })]],
    ['reasoning, empty in each chunk', [chunk({ reasoning: '', content: '' }), chunk({ reasoning: 'plan' })]],
    ['reasoning_details', [chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'plan', index: 0 }] })]],
    ['parts of the content', [chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'plan' }] }] })]],
  ]
  test.each(fields)('over chat_completions reasoning in a separate field is shown: %s', async (_, frames) => {
    await using it = await open(chat, {
      frames: [...frames, chunk({ content: 'Visible', reasoning_content: '' }), chunk({}, 'stop')],
    })
    const turn = await it.chat.say('hello')
    expect(turn.text).toBe('Visible')
    expect(thoughts(turn)).toMatchObject([{ content: 'plan' }])
    expect(turn.workflows).toHaveLength(1)
  })
})

describe('token counts', () => {
  const wrong = [3e9, 1e300, -5, 1.5, '12', null, 'many', {}]
  test.each(wrong.flatMap((count) => [[chat, count] as const, [responses, count] as const]))(
    'over %s an invalid count is harmless: %j',
    async (api, count) => {
      const frames =
        api === chat
          ? [
              ...textChunks(['Hello']),
              {
                ...chunk({}),
                choices: [],
                usage: { prompt_tokens: count, completion_tokens: count, total_tokens: count },
              },
            ]
          : textEvents(['Hello'], { usage: { input_tokens: count, output_tokens: count, total_tokens: count } })
      await using it = await open(api, { frames })
      const turn = await it.chat.say('hello')
      expect(turn.text).toBe('Hello')
      expect(turn.error).toBeUndefined()
      for (const known of [turn.facts.inputTokens, turn.facts.outputTokens]) {
        expect(Number.isInteger(known)).toBe(true)
        expect(known).toBeLessThanOrEqual(2_147_483_647)
        expect(known).toBeGreaterThanOrEqual(0)
      }
    },
  )
})
