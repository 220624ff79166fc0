import { beforeEach, describe, expect, test } from 'vitest'
import { listToolRefusals } from '#lib/data/servers/tool-refusals.ts'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { conversation, type TurnResult } from '#tests/support/conversation.ts'
import { type Answer, APIS, type ApiName, jsonAnswer, rawModel, streamAnswer } from '#tests/support/models/raw-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { HARMLESS, mcpServer, type TestMcp } from '#tests/support/tool-servers/mcp-server.ts'
import { schemaFaults } from '#tests/support/tool-servers/tool-schema-faults.ts'

// A model server that rejects tools as OpenAI does, and MCP servers with tools that it does not
// accept unchanged.

const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn()).caller
})

type Tool = { name: string; description?: string; inputSchema: unknown }
type Sent = { name: string; description?: string; parameters: unknown }

/** An MCP server that lists these definitions unchanged. */
function serverOf(tools: Tool[]): Promise<TestMcp> {
  const real = tools.map(({ name }) => ({ name, run: () => `ran ${name}` }))
  return mcpServer(real, async (request) => {
    if (request.method !== 'POST') return undefined
    const { method, id } = (await request.clone().json()) as { method?: string; id?: unknown }
    if (method !== 'tools/list') return undefined
    const listed = tools.map((tool) => ({ ...tool, annotations: HARMLESS }))
    return Response.json({
      jsonrpc: '2.0',
      id,
      result: { tools: listed, resultType: 'complete', ttlMs: 0, cacheScope: 'private' },
    })
  })
}

function sentTools(body: Record<string, unknown>): Sent[] {
  return ((body.tools ?? []) as { function?: Sent }[]).map((tool) => tool.function ?? (tool as Sent))
}

const names = (body: Record<string, unknown> | undefined) => sentTools(body ?? {}).map(({ name }) => name)
const notices = ({ events }: TurnResult) =>
  events.flatMap((event) => (event.type === 'notice' ? `${event.title}: ${event.message}` : []))

/**
 * Rejects as OpenAI does, and rejects the tool `never` whatever its schema is. Otherwise answers.
 */
function strict(api: ApiName, answer: Answer, never?: string): Answer {
  return (response, body, request) => {
    const tools = sentTools(body)
    const refuse = (message: string, param: string, code: string) =>
      jsonAnswer(400, { error: { message, type: 'invalid_request_error', param, code } })(response, body, request)
    if (tools.length > 128)
      return refuse(
        `Invalid 'tools': array too long. Expected an array with maximum length 128, but got ${tools.length}.`,
        'tools',
        'array_above_max_length',
      )
    for (const [index, { name, description = '', parameters }] of tools.entries()) {
      const [fault] =
        name === never
          ? ['it is not liked']
          : description.length > 1_024
            ? ['description too long']
            : schemaFaults(parameters)
      const place = api === 'responses' ? `tools[${index}].parameters` : `tools[${index}].function.parameters`
      if (fault) return refuse(`Invalid schema for function '${name}': ${fault}.`, place, 'invalid_function_parameters')
    }
    return answer(response, body, request)
  }
}

const good = (name: string): Tool => ({ name, inputSchema: { type: 'object', properties: { a: { type: 'string' } } } })

describe.each(APIS)('over %s', (api) => {
  const fine = streamAnswer(api, { text: 'Fine.' })
  const settings = (url: string, mcp: string, more: Record<string, string> = {}) =>
    withSettings({
      OPENAI_BASE_URL: url,
      OPENAI_API: api,
      MCP_BUILTIN: 'off',
      MEMORY: 'off',
      MCP_SERVER_URL: mcp,
      ...more,
    })

  test('schemas that the model would reject are made acceptable, and the tools can be called', async () => {
    await using mcp = await serverOf([
      {
        name: 'choices',
        inputSchema: {
          type: 'object',
          anyOf: [{ properties: { id: { type: 'string' } } }, { properties: { key: { type: 'string' } } }],
        },
      },
      { name: 'list', inputSchema: { type: 'object', properties: { all: { type: 'array' } } } },
      {
        name: 'pointing',
        inputSchema: {
          type: 'object',
          properties: { at: { $ref: '#/$defs/place' } },
          $defs: { place: { type: 'string' } },
        },
      },
      { name: 'untyped', inputSchema: { anyOf: [{ type: 'object' }, { type: 'object' }] } },
      { name: 'bare', inputSchema: {} },
      { name: 'talkative', description: 'x'.repeat(5_000), inputSchema: { type: 'object', properties: {} } },
      {
        name: 'elsewhere',
        inputSchema: { type: 'object', properties: { at: { $ref: 'https://example.com/place.json' } } },
      },
    ])
    await using server = await rawModel(
      strict(api, streamAnswer(api, { calls: [{ name: 'choices', arguments: { key: 'k' } }] })),
      strict(api, streamAnswer(api, { text: 'Called.' })),
    )
    settings(server.url, mcp.url)
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('Called.')
    expect(names(server.requests[0])).toEqual(['choices', 'list', 'pointing', 'untyped', 'bare', 'talkative'])
    expect(mcp.calls).toEqual([{ tool: 'choices', args: { key: 'k' } }])
  })

  test('a tool named in a 400 is left out, the request is repeated, and later turns go without it', async () => {
    await using mcp = await serverOf([good('one'), good('bad'), good('two')])
    await using server = await rawModel(strict(api, fine, 'bad'))
    settings(server.url, mcp.url, { OPENAI_MODEL: `model-${api}` })
    const chat = await conversation(caller)
    const turn = await chat.say('hello')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('Fine.')
    expect(server.requests.map(names)).toEqual([
      ['one', 'bad', 'two'],
      ['one', 'two'],
    ])
    expect(notices(turn)).toEqual([expect.stringContaining('The tool bad is left out')])
    await expect
      .poll(() => listToolRefusals({ model: `model-${api}` }))
      .toMatchObject([{ tool: 'bad', reason: expect.stringContaining('not liked') }])

    const later = await chat.say('and now?')
    expect(later.text).toBe('Fine.')
    expect(notices(later)).toEqual([])
    expect(server.requests.slice(2).map(names)).toEqual([['one', 'two']])
    // Another model may accept it.
    settings(server.url, mcp.url, { OPENAI_MODEL: 'another' })
    await chat.say('and with another?')
    expect(names(server.requests[3])).toContain('bad')
  })

  test.each<[string, number, object]>([
    [
      'FastAPI',
      422,
      { detail: [{ type: 'missing', loc: ['body', 'tools', 1, 'function', 'parameters'], msg: 'Field required' }] },
    ],
    [
      'pydantic',
      400,
      {
        object: 'error',
        message: "[{'type': 'missing', 'loc': ('body', 'tools', 1, 'function'), 'msg': 'Field required'}]",
      },
    ],
    ['its older form', 400, { detail: 'body -> tools -> 1 -> function -> parameters: field required' }],
  ])('a tool that is named as %s does it is left out', async (_, status, body) => {
    await using mcp = await serverOf([good('one'), good('bad'), good('two')])
    await using server = await rawModel(jsonAnswer(status, body), fine)
    settings(server.url, mcp.url, { OPENAI_MODEL: `model-${api}-${status}` })
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.text).toBe('Fine.')
    expect(names(server.requests[1])).toEqual(['one', 'two'])
    expect(notices(turn)).toEqual([expect.stringContaining('The tool bad is left out')])
  })

  test('the tool stays out for the rest of the turn, and an only tool leaves no tool list behind', async () => {
    await using mcp = await serverOf([good('bad'), good('one')])
    await using server = await rawModel(
      strict(api, streamAnswer(api, { calls: [{ name: 'one', arguments: { a: 'x' } }] }), 'bad'),
    )
    settings(server.url, mcp.url, { OPENAI_MODEL: `rest-${api}` })
    server.answer(
      strict(api, fine, 'bad'),
      strict(api, streamAnswer(api, { calls: [{ name: 'one', arguments: { a: 'x' } }] }), 'bad'),
      strict(api, fine, 'bad'),
    )
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.text).toBe('Fine.')
    expect(server.requests.map(names)).toEqual([['bad', 'one'], ['one'], ['one']])

    await using alone = await serverOf([good('bad')])
    await using next = await rawModel(strict(api, fine, 'bad'))
    settings(next.url, alone.url, { OPENAI_MODEL: `alone-${api}` })
    expect((await (await conversation(caller)).say('hello')).text).toBe('Fine.')
    expect(next.requests[1]).not.toHaveProperty('tools')
    expect(next.requests[1]).not.toHaveProperty('tool_choice')
  })

  test.each([
    ['Anthropic', 'tools.1.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12'],
    [
      'Gemini',
      '* GenerateContentRequest.tools[0].function_declarations[1].parameters.properties[a].items: missing field.',
    ],
    ['by name', "Invalid schema for function 'bad': None is not of type 'object'"],
  ])('a refusal in another provider’s words is understood: %s', async (kind, message) => {
    await using mcp = await serverOf([good('one'), good('bad')])
    await using server = await rawModel(jsonAnswer(400, { error: { message, code: 400 } }), fine)
    settings(server.url, mcp.url, { OPENAI_MODEL: `${kind}-${api}` })
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.text).toBe('Fine.')
    expect(names(server.requests[1])).toEqual(['one'])
  })

  test('a server that keeps refusing ends the turn with its reason after nine requests', async () => {
    await using mcp = await serverOf(Array.from({ length: 20 }, (_, index) => good(`tool_${index}`)))
    await using server = await rawModel(
      jsonAnswer(400, {
        error: {
          message: 'Invalid schema',
          param: 'tools[0].function.parameters',
          code: 'invalid_function_parameters',
        },
      }),
    )
    settings(server.url, mcp.url, { OPENAI_MODEL: `never-${api}` })
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.failed).toMatchObject({
      failureClass: 'model_schema_refused',
      detail: { param: 'tools[0].function.parameters' },
    })
    expect(server.requests).toHaveLength(9)
  })

  test('of more tools than the model sees at once, it gets our own and mentioned ones, and two to find and call the others', async () => {
    await using mcp = await serverOf(Array.from({ length: 151 }, (_, index) => good(`tool_${index}`)))
    await using server = await rawModel(strict(api, fine))
    settings(server.url, mcp.url, { MCP_BUILTIN: 'on' })
    const turn = await (await conversation(caller, { builtinFetch })).say('please use tool-150')
    expect(turn.text).toBe('Fine.')
    const offered = names(server.requests[0])
    expect(offered).toHaveLength(13)
    expect(offered).toEqual(expect.arrayContaining(['add_task', 'tool_150', 'find_tools', 'call_tool']))
    expect(notices(turn)).toEqual([])
  })
})

test('the doctor names the tools that cannot be offered to a model', async () => {
  await using mcp = await serverOf([
    good('one'),
    { name: 'elsewhere', inputSchema: { type: 'object', properties: { at: { $ref: 'https://example.com/x' } } } },
  ])
  const { steps, healthy } = await examine({ name: 'examined', url: mcp.url, builtin: false })
  expect(steps.find(({ name }) => name === 'Tools for a model')).toMatchObject({
    outcome: 'warning',
    said: expect.stringContaining('elsewhere: Its schema refers to https://example.com/x'),
    fault: 'unfit_tools',
  })
  expect(healthy).toBe(true)
})
