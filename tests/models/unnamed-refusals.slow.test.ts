import { beforeEach, describe, expect, test } from 'vitest'
import { listModelLimits } from '#lib/data/servers/model-limits.ts'
import { listToolRefusals } from '#lib/data/servers/tool-refusals.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { conversation, type TurnResult } from '#tests/support/conversation.ts'
import { type Answer, APIS, jsonAnswer, rawModel, streamAnswer } from '#tests/support/models/raw-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { HARMLESS, mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// Servers of models that refuse a request for its tools and do not say which: llama.cpp, vLLM, Gemini. And servers that take fewer
// tools than 128.

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn()).caller
})

type Sent = { name: string; parameters: { properties?: Record<string, Record<string, unknown>> } }
const sentTools = (body: Record<string, unknown> | undefined) =>
  ((body?.tools ?? []) as { function?: Sent }[]).map((tool) => tool.function ?? (tool as Sent))
const names = (body: Record<string, unknown> | undefined) => sentTools(body).map(({ name }) => name)
const notices = ({ events }: TurnResult) => events.flatMap((event) => (event.type === 'notice' ? `${event.title}` : []))

const plain = { type: 'object', properties: { a: { type: 'string' } } }
const list = (count: number) => Array.from({ length: count }, (_, index) => `tool_${index}`)
async function serverOf(tools: string[], inputSchema: object = plain) {
  return mcpServer(
    tools.map((name) => ({ name, run: () => `ran ${name}` })),
    async (request) => {
      if (request.method !== 'POST') return undefined
      const { method, id } = (await request.clone().json()) as { method?: string; id?: unknown }
      if (method !== 'tools/list') return undefined
      const listed = tools.map((name) => ({ name, inputSchema, annotations: HARMLESS }))
      const result = { tools: listed, resultType: 'complete', ttlMs: 0, cacheScope: 'private' }
      return Response.json({ jsonrpc: '2.0', id, result })
    },
  )
}

const WORDS: [string, number, object][] = [
  [
    'llama.cpp',
    400,
    {
      error: {
        code: 400,
        message: 'Failed to initialize samplers: failed to parse grammar',
        type: 'invalid_request_error',
      },
    },
  ],
  ['vLLM', 500, { object: 'error', message: 'Grammar error: Unimplemented keys: ["propertyNames"]', code: 500 }],
  [
    'xgrammar',
    400,
    { object: 'error', message: 'The provided JSON schema contains features not supported by xgrammar.', code: 400 },
  ],
  [
    'Gemini',
    400,
    [{ error: { code: 400, message: 'Request contains an invalid argument.', status: 'INVALID_ARGUMENT' } }],
  ],
]
const [LLAMA] = WORDS as [[string, number, object]]

/** Refuses in these words while a tool fits, and answers else. */
const refusing =
  (isRefused: (tool: Sent) => boolean, answer: Answer, [, status, body]: [string, number, object] = LLAMA): Answer =>
  (...at) =>
    (sentTools(at[1]).some(isRefused) ? jsonAnswer(status, body) : answer)(...at)

describe.each(APIS)('over %s', (api) => {
  const fine = streamAnswer(api, { text: 'Fine.' })
  const settings = (url: string, mcp: string, model: string) =>
    withSettings({
      OPENAI_BASE_URL: url,
      OPENAI_API: api,
      MCP_BUILTIN: 'off',
      MEMORY: 'off',
      // So that the model is offered all of the tools, which its server refuses.
      MODEL_DIRECT_TOOLS: '128',
      MCP_SERVER_URL: mcp,
      OPENAI_MODEL: `${model}-${api}`,
    })

  test.each(WORDS)('the one tool that is refused without a name is found, in the words of %s', async (...words) => {
    await using mcp = await serverOf(list(40))
    await using server = await rawModel(refusing(({ name }) => name === 'tool_27', fine, words))
    settings(server.url, mcp.url, words[0])
    const chat = await conversation(caller)
    const turn = await chat.say('hello')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('Fine.')
    expect(names(server.requests.at(-1))).toEqual(list(40).filter((name) => name !== 'tool_27'))
    expect(server.requests.length).toBeLessThanOrEqual(9)
    expect(notices(turn)).toEqual(['The tool tool_27 is left out'])
    await expect
      .poll(() => listToolRefusals({ model: `${words[0]}-${api}` }))
      .toMatchObject([{ tool: 'tool_27', reason: expect.stringMatching(/grammar|argument/i) }])

    const asked = server.requests.length
    expect((await chat.say('and now?')).text).toBe('Fine.')
    expect(server.requests, 'the next turn knows').toHaveLength(asked + 1)
  })

  test('schemas that only plain servers refuse are simplified, and the next turn begins with them', async () => {
    const schema = {
      type: 'object',
      properties: { a: { type: ['string', 'null'], pattern: '^\\d+$', maxLength: 65_536, description: 'Digits.' } },
      required: ['a'],
    }
    await using mcp = await serverOf(['one', 'two'], schema)
    const odd = ({ parameters }: Sent) => Object.values(parameters.properties ?? {}).some(({ pattern }) => pattern)
    await using server = await rawModel(refusing(odd, fine))
    settings(server.url, mcp.url, 'plain')
    const chat = await conversation(caller)
    expect((await chat.say('hello')).text).toBe('Fine.')
    expect(server.requests.map(names)).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ])
    expect(sentTools(server.requests[1])[0]?.parameters).toEqual({
      type: 'object',
      properties: { a: { type: 'string', description: 'Digits.' } },
      required: ['a'],
    })
    await expect
      .poll(() => listModelLimits(`plain-${api}`))
      .toMatchObject([{ plainSchemas: true, maxTools: null, reason: expect.stringContaining('grammar') }])
    expect((await chat.say('and now?')).text).toBe('Fine.')
    expect(server.requests).toHaveLength(3)
  })

  test('a server that refuses every tool is answered without any, within 19 requests', async () => {
    await using mcp = await serverOf(list(100))
    await using server = await rawModel(refusing(() => true, fine))
    settings(server.url, mcp.url, 'none')
    const chat = await conversation(caller)
    const turn = await chat.say('hello')
    expect(turn.text).toBe('Fine.')
    expect(server.requests.at(-1)).not.toHaveProperty('tools')
    expect(server.requests.length).toBeLessThanOrEqual(19)
    expect(notices(turn)).toEqual(['100 tools are left out'])
    await expect.poll(async () => (await listToolRefusals({ model: `none-${api}` })).length).toBe(100)
    const asked = server.requests.length
    expect((await chat.say('and now?')).text).toBe('Fine.')
    expect(server.requests).toHaveLength(asked + 1)
  })

  test('a refusal that is not about tools ends the turn with its own reason, and blames no tool', async () => {
    await using mcp = await serverOf(list(3))
    await using server = await rawModel(jsonAnswer(LLAMA[1], LLAMA[2]))
    settings(server.url, mcp.url, 'other')
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.failed).toMatchObject({ failureClass: 'model_schema_refused' })
    expect(server.requests.length).toBeLessThanOrEqual(18)
    expect(notices(turn)).toEqual([])
    expect(await listToolRefusals({ model: `other-${api}` })).toEqual([])
  })

  test.each([
    [
      'OpenAI',
      (count: number) =>
        `Invalid 'tools': array too long. Expected an array with maximum length 24, but got an array with length ${count} instead.`,
      24,
      2,
    ],
    ['Groq', () => "'tools' : maximum number of items is 24", 24, 2],
    [
      'Gemini',
      () => 'tools[0].function_declarations: [FIELD_INVALID] At most 24 function declarations can be specified.',
      24,
      2,
    ],
    ['a server that gives no number', () => 'Too many tools.', 17, 3],
  ])('the number of tools that %s takes is learned, and kept', async (kind, message, max, requests) => {
    await using mcp = await serverOf(list(70))
    const limited: Answer = (...at) => {
      const { length } = sentTools(at[1])
      return (length > 24 ? jsonAnswer(400, { error: { message: message(length), param: 'tools' } }) : fine)(...at)
    }
    await using server = await rawModel(limited)
    settings(server.url, mcp.url, `limit-${kind}`)
    const chat = await conversation(caller)
    const turn = await chat.say('please call tool_69')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('Fine.')
    expect(server.requests).toHaveLength(requests)
    expect(names(server.requests.at(-1))).toHaveLength(max)
    expect(names(server.requests.at(-1))).toContain('tool_69')
    expect(notices(turn)).toEqual(['Not every tool is offered'])
    await expect.poll(() => listModelLimits(`limit-${kind}-${api}`)).toMatchObject([{ maxTools: max }])
    expect((await chat.say('and now?')).text).toBe('Fine.')
    expect(server.requests, 'the next turn knows').toHaveLength(requests + 1)
  })

  test('a server that never takes fewer tools ends the turn after so many tries', async () => {
    await using mcp = await serverOf(list(70))
    await using server = await rawModel(jsonAnswer(400, { error: { message: 'Too many tools.' } }))
    settings(server.url, mcp.url, 'never')
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.failed).toMatchObject({ failureClass: 'model_too_many_tools' })
    expect(server.requests).toHaveLength(5)
    expect(await listModelLimits(`never-${api}`)).toEqual([])
  })
})
