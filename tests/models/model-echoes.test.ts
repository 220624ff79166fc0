import { beforeEach, describe, expect, test } from 'vitest'
import { agentDoor, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { callChunks, callItems, chunk, functionCall } from '#tests/support/models/model-frames.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// Fields that a provider sends with a call and expects back with it: in this turn, in later ones
// and after an approval.

type Json = Record<string, unknown>
type Request = { body: Json }

let door: ReturnType<typeof agentDoor>
beforeEach(async () => {
  door = agentDoor(await signedIn())
})

async function open(api: 'chat_completions' | 'responses', ...steps: Step[]) {
  const server = await openAIServer(...steps)
  withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api, OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' })
  return server
}

const entries = (server: { requests: Request[] }) => {
  const { messages, input } = server.requests.at(-1)?.body ?? {}
  return (messages ?? input) as Json[]
}
/** The assistant message with calls in the last request. */
const asked = (server: { requests: Request[] }) =>
  entries(server).find(({ tool_calls }) => tool_calls) as Json & { tool_calls: Json[] }
const callItem = (server: { requests: Request[] }) => entries(server).find(({ type }) => type === 'function_call')

const signature = { extra_content: { google: { thought_signature: 'SIG123', thoughtSignature: 'Camel' } } }
const details = [
  { type: 'reasoning.text', text: 'First ', index: 0, format: 'anthropic-claude-v1' },
  { type: 'reasoning.text', text: 'look.', index: 0, signature: 'SEAL' },
  { type: 'reasoning.encrypted', data: 'gAAAA', index: 1, id: 'r1' },
]
const list = (more: object = {}) => ({
  index: 0,
  id: 'c1',
  type: 'function',
  ...functionCall('list_tasks', {}),
  ...more,
})
const DONE: Step = { text: 'Done.' }

describe('over chat_completions', () => {
  test('a signature is sent back with its call, in this turn and later', async () => {
    await using server = await open('chat_completions', { frames: callChunks([list(signature)]) }, DONE, {
      text: 'Here.',
    })
    const reply = await door.begin('tasks')
    expect(asked(server).tool_calls).toEqual([list({ ...signature, index: undefined })])
    expect(Object.keys(asked(server)).sort()).toEqual(['content', 'role', 'tool_calls'])
    expect(said((await door.say(threadOf(reply), 'and now?')).events)).toBe('Here.')
    expect(asked(server).tool_calls[0]).toMatchObject(signature)
    expect(JSON.stringify(server.requests)).not.toContain('switchboard_echo')
  })

  test('a signature inside the function, and fields of LiteLLM, are sent back in place', async () => {
    const call = list({
      function: { name: 'list_tasks', arguments: '{}', thought_signature: 'IN' },
      provider_specific_fields: { thought_signature: 'LL' },
    })
    await using server = await open('chat_completions', { frames: callChunks([call]) }, DONE, { text: 'Here.' })
    const reply = await door.begin('tasks')
    await door.say(threadOf(reply), 'and now?')
    expect(asked(server).tool_calls).toEqual([{ ...call, index: undefined }])
  })

  test('each of two calls gets back its own fields', async () => {
    const calls = [
      list({ extra_content: { sig: 'A' } }),
      list({ index: 1, id: 'c2', ...functionCall('whoami', {}), extra_content: { sig: 'B' } }),
    ]
    await using server = await open('chat_completions', { frames: callChunks(calls) }, DONE)
    await door.begin('tasks')
    expect(asked(server).tool_calls).toMatchObject([
      { id: 'c1', extra_content: { sig: 'A' } },
      { id: 'c2', extra_content: { sig: 'B' } },
    ])
  })

  test('reasoning details are merged and sent back, also in later turns; plain reasoning only in this turn', async () => {
    const frames = [
      ...details.map((detail) =>
        chunk({ reasoning: 'text' in detail ? detail.text : '', reasoning_details: [detail] }),
      ),
      chunk({ reasoning_content: 'aloud' }),
      ...callChunks([list()]),
    ]
    await using server = await open('chat_completions', { frames }, DONE, { text: 'Here.' })
    const reply = await door.begin('tasks')
    const whole = [
      { type: 'reasoning.text', text: 'First look.', index: 0, format: 'anthropic-claude-v1', signature: 'SEAL' },
      details[2],
    ]
    expect(asked(server)).toMatchObject({
      reasoning: 'First look.',
      reasoning_content: 'aloud',
      reasoning_details: whole,
    })
    await door.say(threadOf(reply), 'and now?')
    expect(asked(server)).toMatchObject({ reasoning_details: whole })
    expect(asked(server)).not.toHaveProperty('reasoning')
    expect(asked(server)).not.toHaveProperty('reasoning_content')
  })

  test('an id that only this provider accepts is sent back to it', async () => {
    const id = `call_1__thought__${'x'.repeat(200)}`
    await using server = await open('chat_completions', { frames: callChunks([list({ id })]) }, DONE, { text: 'Here.' })
    server.accepts = (fault) => fault.includes('217 characters')
    const reply = await door.begin('tasks')
    await door.say(threadOf(reply), 'and now?')
    expect(asked(server).tool_calls[0]).toMatchObject({ id })
    expect(entries(server).find(({ role }) => role === 'tool')).toMatchObject({ tool_call_id: id })
  })

  test('another server or model gets none of these fields', async () => {
    const reply = await (async () => {
      await using _server = await open('chat_completions', { frames: callChunks([list(signature)]) }, DONE)
      return await door.begin('tasks')
    })()
    await using other = await open('chat_completions', { text: 'Here.' })
    expect(said((await door.say(threadOf(reply), 'and now?')).events)).toBe('Here.')
    expect(JSON.stringify(other.requests)).not.toContain('SIG123')
  })

  test('a very large field is sent back in this turn but not kept', async () => {
    const large = { extra_content: { sealed: 'x'.repeat(100_000) } }
    await using server = await open('chat_completions', { frames: callChunks([list(large)]) }, DONE, { text: 'Here.' })
    const reply = await door.begin('tasks')
    expect(asked(server).tool_calls[0]).toMatchObject(large)
    await door.say(threadOf(reply), 'and now?')
    expect(asked(server).tool_calls[0]).not.toHaveProperty('extra_content')
  })
})

test('over responses the fields of a call are sent back unchanged, in this turn and later', async () => {
  const frames = callItems({ id: 'fc_1', call_id: 'c1', name: 'list_tasks', arguments: '{}', ...signature })
  await using server = await open('responses', { frames }, DONE, { text: 'Here.' })
  const reply = await door.begin('tasks')
  expect(callItem(server)).toMatchObject(signature)
  await door.say(threadOf(reply), 'and now?')
  expect(callItem(server)).toMatchObject(signature)
  expect(JSON.stringify(server.requests)).not.toContain('switchboard_echo')
})

const wipe = { name: 'wipe', annotations: { destructiveHint: true }, run: () => 'wiped' }

test.each(['chat_completions', 'responses'] as const)(
  'over %s the fields survive a parked run, and an invalid call beside it is still reported',
  async (api) => {
    await using tools = await mcpServer([wipe])
    const frames =
      api === 'chat_completions'
        ? callChunks([
            { index: 0, id: 'c1', type: 'function', ...functionCall('wipe', { all: true }), ...signature },
            { index: 1, id: 'c2', type: 'function', ...functionCall('wipe', '{"half') },
          ])
        : callItems(
            { id: 'fc_1', call_id: 'c1', name: 'wipe', arguments: '{"all":true}', ...signature },
            { id: 'fc_2', call_id: 'c2', name: 'wipe', arguments: '{"half' },
          )
    await using server = await open(api, { frames }, DONE, { text: 'Here.' })
    withSettings({ MCP_SERVER_URL: tools.url, MCP_BUILTIN: 'off' })
    const reply = await door.begin('clean up')
    const thread = threadOf(reply)
    const [card] = widgets(reply.events)
    expect(widgets(reply.events)).toHaveLength(1)
    expect(said((await door.press(thread, card as never, 'Approve')).events)).toBe('Done.')
    expect(tools.calls).toEqual([{ tool: 'wipe', args: { all: true } }])
    const sent = () => entries(server).flatMap((item): Json[] => (item.tool_calls as Json[] | undefined) ?? [item])
    const find = () => sent().find(({ id, call_id, role }) => (call_id ?? id) === 'c1' && role === undefined)
    expect(find()).toMatchObject(signature)
    expect(JSON.stringify(server.requests.at(-1)?.body)).toContain('have to be one whole JSON object')
    expect(said((await door.say(thread, 'and now?')).events)).toBe('Here.')
    expect(find()).toMatchObject(signature)
  },
)
