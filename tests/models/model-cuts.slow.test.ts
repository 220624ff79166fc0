import { beforeEach, describe, expect, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { agentDoor, buttons, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { conversation, halfOpen } from '#tests/support/conversation.ts'
import { chunk, endEvent, functionCall, textChunks, textEvents } from '#tests/support/models/model-frames.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Answers that end too early: the text is kept, and the person is told.

const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
const chat = 'chat_completions' as const
const responses = 'responses' as const
type Case = [typeof chat | typeof responses, string, Step]
const WORDS = Array.from({ length: 60 }, (_, index) => `w${index} `)

let person: Awaited<ReturnType<typeof signedIn>>
let caller: Caller
beforeEach(async () => {
  person = await signedIn()
  caller = person.caller
})

async function open(api: typeof chat | typeof responses, ...steps: Step[]) {
  const server = await openAIServer(...steps)
  withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api, THREAD_TITLES: 'first_words' })
  return {
    server,
    chat: await conversation(caller, { builtinFetch }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

describe('text that arrives in one burst with a failure is kept', () => {
  // The first frames of the answer and its words, and no more.
  const both = (name: string, kind: 'cut' | 'ends' | 'malformed'): Case[] => [
    [chat, name, { text: WORDS, burst: true, fault: { kind, after: 61 } }],
    [responses, name, { text: WORDS, burst: true, fault: { kind, after: 63 } }],
  ]
  const failure = { code: 'server_error', message: 'upstream broke' }
  const cases: Case[] = [
    ...both('a socket that is cut', 'cut'),
    ...both('a stream that just ends', 'ends'),
    ...both('a frame that is not JSON', 'malformed'),
    [
      chat,
      'an error frame',
      { frames: [...WORDS.map((content) => chunk({ content })), { error: failure }], burst: true },
    ],
    [
      responses,
      'an error frame',
      { frames: [...textEvents(WORDS).slice(0, 62), { type: 'error', ...failure }], burst: true },
    ],
    [
      responses,
      'a failed response',
      {
        frames: [
          ...textEvents(WORDS).slice(0, 62),
          { type: 'response.failed', response: { id: 'r', status: 'failed', error: failure, output: [] } },
        ],
        burst: true,
      },
    ],
  ]
  test.each(cases)('over %s: %s', async (api, _, step) => {
    await using _it = await open(api, step, { text: 'Here.' })
    const door = agentDoor(person)
    const reply = await door.begin('count')
    expect(said(reply.events)).toBe(WORDS.join(''))
    expect(reply.events.filter(({ type }) => type === 'error')).toHaveLength(1)
    expect(halfOpen(reply.events)).toEqual([])
    const thread = threadOf(reply)
    expect((await door.read(thread)).map(({ type }) => type)).toEqual(['user_message', 'assistant_message'])
    expect(said((await door.say(thread, 'and now?')).events)).toBe('Here.')
  })

  test.each([chat, responses])(
    'over %s: an endless series of calls keeps every workflow line and text',
    async (api) => {
      const say = (number: number): Step => ({
        text: [`Step ${number}. `],
        calls: [{ name: 'whoami', arguments: {} }],
        burst: true,
      })
      await using _it = await open(api, ...Array.from({ length: 16 }, (_, index) => say(index)))
      const { events } = await agentDoor(person).begin('loop')
      expect(events.filter(({ type }) => type === 'error')).toHaveLength(1)
      for (let index = 0; index < 16; index += 1) expect(said(events)).toContain(`Step ${index}.`)
      const done = events.flatMap((event) =>
        event.type === 'thread.item.done' && event.item.type === 'workflow' ? event.item.workflow.tasks : [],
      )
      expect(done).toHaveLength(16)
      for (const line of done) expect(line).toMatchObject({ icon: 'check-circle' })
      expect(halfOpen(events)).toEqual([])
    },
  )

  test.each([chat, responses])('over %s: a refusal', async (api) => {
    const words = WORDS.slice(0, 10)
    const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'refusal', refusal: words.join('') }],
    }
    const frames =
      api === chat
        ? [...words.map((refusal) => chunk({ refusal })), chunk({}, 'stop')]
        : [
            { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [] } },
            { type: 'response.content_part.added', ...at, part: { type: 'refusal', refusal: '' } },
            ...words.map((delta) => ({ type: 'response.refusal.delta', ...at, delta })),
            { type: 'response.refusal.done', ...at, refusal: words.join('') },
            { type: 'response.output_item.done', output_index: 0, item: message },
            endEvent([message]),
          ]
    await using _it = await open(api, { frames, burst: true }, { text: 'Here.' })
    const door = agentDoor(person)
    const reply = await door.begin('do harm')
    expect(said(reply.events)).toBe(words.join(''))
    expect(reply.events.filter(({ type }) => type === 'error')).toEqual([])
    const run = await withCaller(caller, (tx) => tx.run.findFirst({ where: { ownerId: caller.userId } }))
    expect(run?.failureClass).toBe('model_refused')
    expect(halfOpen(reply.events)).toEqual([])
    expect(said((await door.say(threadOf(reply), 'and now?')).events)).toBe('Here.')
  })
})

const incomplete = (reason: string) => ({ type: 'incomplete', details: { reason } })

describe('an answer that was cut off', () => {
  const cases = [
    [chat, 'length', textChunks(['Once upon a ti'], 'length'), true],
    [chat, 'max_tokens', textChunks(['Once upon a ti'], 'MAX_TOKENS'), true],
    [chat, 'content_filter', textChunks(['Once upon a ti'], 'content_filter'), false],
    [chat, 'SAFETY', textChunks(['Once upon a ti'], 'SAFETY'), false],
    ...['FINISH_REASON_SAFETY', 'content-filter', 'guardrail_intervened', 'refusal', 'IMAGE_SAFETY', 'ERROR_TOXIC'].map(
      (reason): [typeof chat, string, object[], boolean] => [
        chat,
        reason,
        textChunks(['Once upon a ti'], reason),
        false,
      ],
    ),
    ...['ERROR_LIMIT', 'OTHER', 'timeout', 'repetition', 'TOO_MANY_TOOL_CALLS'].map(
      (reason): [typeof chat, string, object[], boolean] => [
        chat,
        reason,
        textChunks(['Once upon a ti'], reason),
        true,
      ],
    ),
    [chat, 'error', textChunks(['Once upon a ti'], 'error'), true],
    [chat, 'malformed_function_call', [chunk({ content: 'Once upon a ti' }, 'malformed_function_call')], true],
    [responses, 'length', textEvents(['Once upon a ti'], incomplete('max_output_tokens')), true],
    [responses, 'content_filter', textEvents(['Once upon a ti'], incomplete('content_filter')), false],
    [responses, 'no reason', textEvents(['Once upon a ti'], { type: 'incomplete' }), true],
    [
      responses,
      'a completed event that is incomplete',
      textEvents(['Once upon a ti'], { status: 'incomplete', details: { reason: 'max_output_tokens' } }),
      true,
    ],
  ] as const
  test.each(cases)('over %s, %s: keeps its text and has a notice', async (api, _, frames, continues) => {
    await using it = await open(api, { frames: [...frames] }, { text: 'me there was.' })
    const door = agentDoor(person)
    const { events } = await door.begin('a story')
    const thread = threadOf({ events } as never)
    expect(said(events)).toBe('Once upon a ti')
    expect(events.filter(({ type }) => type === 'error')).toEqual([])
    expect(events.filter(({ type }) => type === 'notice')).toMatchObject([
      { level: 'warning', title: expect.stringContaining('cut off') },
    ])
    const [card] = widgets(await replayed(door, thread))
    expect(buttons(card)).toEqual(continues ? ['Continue'] : [])
    if (!card || !continues) return
    expect((await agentDoor(await signedIn()).press(thread, card, 'Continue')).status).toBe(404)

    const more = await door.press(thread, card, 'Continue')
    expect(said(more.events)).toBe('me there was.')
    const sent = JSON.stringify(it.server.requests.at(-1)?.body)
    expect(sent).toContain('Once upon a ti')
    expect(sent).toContain('Continue exactly where it stops')
    expect(sent).not.toContain('was cut off before its end')
    const items = await door.read(thread)
    expect(items.map(({ type }) => type)).toEqual(['user_message', 'assistant_message', 'assistant_message'])
    // Continue works once, and for the last answer only.
    expect((await door.press(thread, card, 'Continue')).status).not.toBe(200)
  })

  const replayed = async (door: ReturnType<typeof agentDoor>, thread: string) =>
    (await door.read(thread)).map((item) => ({ type: 'thread.item.done', item }) as never)

  const call = { index: 0, id: 'c1', type: 'function', ...functionCall('add_task', { title: 'whole' }) }
  const half = { index: 0, id: 'c1', type: 'function', ...functionCall('add_task', '{"title":"half') }
  const item = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'c1',
    name: 'add_task',
    arguments: '{"title":"whole"}',
    status: 'incomplete',
  }
  const withCall = (reason: string, args = item.arguments) => [
    ...textEvents(['Let me see. ']).slice(0, -1),
    { type: 'response.output_item.done', output_index: 1, item: { ...item, arguments: args } },
    endEvent(
      [textEvents(['Let me see. ']).at(-2) as object].concat({ ...item, arguments: args }) as object[],
      incomplete(reason),
    ),
  ]
  const calls: [typeof chat | typeof responses, string, object[], Step['fault']?][] = [
    [
      chat,
      'a whole one under content_filter',
      [chunk({ content: 'Let me see. ' }), chunk({ tool_calls: [call] }), chunk({}, 'content_filter')],
    ],
    [
      chat,
      'a half one under length',
      [chunk({ content: 'Let me see. ' }), chunk({ tool_calls: [half] }), chunk({}, 'length')],
    ],
    [
      chat,
      'a whole one under length',
      [chunk({ content: 'Let me see. ' }), chunk({ tool_calls: [call] }), chunk({}, 'length')],
    ],
    [chat, 'a half one without words', [chunk({ tool_calls: [half] }), chunk({}, 'length')]],
    [chat, 'a whole one without an end', [chunk({ tool_calls: [call] })], { kind: 'ends', after: 1 }],
    [responses, 'a whole one under content_filter', withCall('content_filter')],
    [responses, 'a half one under length', withCall('max_output_tokens', '{"title":"half')],
    [
      responses,
      'a whole one without words',
      [{ type: 'response.output_item.done', output_index: 0, item }, endEvent([item], incomplete('max_output_tokens'))],
    ],
  ]
  test.each(calls)('over %s makes no call: %s', async (api, _, frames, fault) => {
    await using it = await open(api, { frames, fault }, { text: 'Here.' })
    const turn = await it.chat.say('milk')
    expect((await listToolCalls({ caller })).data).toEqual([])
    expect(it.server.requests).toHaveLength(1)
    expect(turn.error !== undefined || turn.events.some(({ type }) => type === 'notice')).toBe(true)
    expect(halfOpen(turn.events)).toEqual([])
    expect((await it.chat.say('and now?')).text).toBe('Here.')
    expect(JSON.stringify(it.server.requests[1]?.body)).not.toContain('half')
  })

  const reasoning = [
    { type: 'response.output_item.added', output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [] } },
  ]
  const empty: [typeof chat | typeof responses, string, Step][] = [
    [responses, 'and the socket is cut', { frames: reasoning, fault: { kind: 'cut', after: 1 } }],
    [responses, 'at the length', { frames: [...reasoning, endEvent([], incomplete('max_output_tokens'))] }],
    [chat, 'at the length', { frames: [chunk({ reasoning: '' }), chunk({ content: '<think>' }), chunk({}, 'length')] }],
    [chat, 'and the socket is cut', { frames: [chunk({ content: '<think>\n' })], fault: { kind: 'cut', after: 1 } }],
  ]
  test.each(empty)('over %s during its reasoning leaves no empty workflow: %s', async (api, _, step) => {
    await using it = await open(api, step, { text: 'Here.' })
    const turn = await it.chat.say('think')
    expect(turn.error).toBeDefined()
    expect(turn.workflows).toEqual([])
    expect(halfOpen(turn.events)).toEqual([])
    expect((await it.chat.items()).map(({ type }) => type)).toEqual(['user_message'])
    expect((await it.chat.say('and now?')).text).toBe('Here.')
  })
})
