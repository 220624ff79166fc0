import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing'
import { expect, test } from 'vitest'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { agentDoor, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

const APIS = ['responses', 'chat_completions'] as const
const useServers = (server: { url: string }, model: { url: string }, api: (typeof APIS)[number]) =>
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: api, OPENAI_API_KEY: 'k' },
    ...{ MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url },
  })

test.each(APIS)('over %s each of three equal calls keeps its own id, whichever ends first', async (api) => {
  const last = Promise.withResolvers<void>()
  let count = 0
  const draw: TestTool = {
    name: 'draw',
    annotations: { readOnlyHint: true },
    run: async () => {
      count += 1
      const number = count
      if (number === 3) last.resolve()
      else await last.promise
      return `number ${number}`
    },
  }
  await using server = await mcpServer([draw])
  const ids = ['call_a', 'call_b', 'call_c']
  await using model = await openAIServer(
    { calls: ids.map((id) => ({ name: 'draw', arguments: {}, id })) },
    { text: 'Drawn.' },
  )
  useServers(server, model, api)
  const ann = await signedIn()
  await agentDoor(ann).begin('draw three')
  const { data } = await listToolCalls({ caller: ann.caller })
  const rows = await Promise.all(data.map(({ id }) => findToolCall({ caller: ann.caller }, id)))
  expect(rows.map(({ callId }) => callId).toSorted()).toEqual(ids)
  const told = JSON.stringify(model.requests[1]?.body)
  for (const { callId, result } of rows) {
    const number = /number \d/.exec(JSON.stringify(result))?.[0] ?? 'no number'
    expect(told).toMatch(new RegExp(`"${callId}"[^{}]*(\\{[^{}]*)?${number}"`))
  }
})

// The client of the OpenAI API takes such calls out before; a model that is given directly does not.
test.each(['[]', 'null', '"x"'])(
  'a call with the arguments %s is refused under its own id, and not sent',
  async (text) => {
    await using server = await mcpServer([{ name: 'look', run: () => 'all is well' }])
    withSettings({ MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url })
    const { caller } = await signedIn()
    const call = functionCall('look', text, { callId: 'call_odd' })
    const model = new ScriptedModel([[call], [assistantMessage('Ah.')]])
    const turn = await (await conversation(caller, { model })).say('look')
    expect(server.calls).toEqual([])
    expect(turn.text).toBe('Ah.')
    expect(JSON.stringify(turn.events)).toContain(': The arguments must be a JSON object.')
    expect((await listToolCalls({ caller })).data).toMatchObject([
      { tool: 'look', callId: 'call_odd', status: 'failed', failureClass: 'denied' },
    ])
  },
)

test('a call that nobody can be asked about is refused once, and its line says why', async () => {
  await using server = await mcpServer([{ name: 'wipe', run: () => 'wiped', annotations: { destructiveHint: true } }])
  await using model = await openAIServer(
    {
      calls: [
        { name: 'wipe', arguments: '{"n":-0}' },
        { name: 'wipe', arguments: { what: 'disk' } },
      ],
    },
    { text: 'I see.' },
  )
  useServers(server, model, 'responses')
  const ann = await signedIn()
  const { events } = await agentDoor(ann).begin('clean up')
  expect(widgets(events)).toHaveLength(1)
  expect(server.calls).toEqual([])
  expect(JSON.stringify(events)).toContain('approval, and its arguments cannot be sent')
  expect((await listToolCalls({ caller: ann.caller })).data).toMatchObject([
    { status: 'failed', failureClass: 'denied' },
  ])
})

test('a declined call stays declined, even if its server is gone by then', async () => {
  const server = await mcpServer([{ name: 'wipe', run: () => 'wiped', annotations: { destructiveHint: true } }])
  await using model = await openAIServer({ calls: [{ name: 'wipe', arguments: { what: 'disk' }, id: 'call_disk' }] })
  useServers(server, model, 'responses')
  const ann = await signedIn()
  const first = await agentDoor(ann).begin('clean up')
  await server[Symbol.asyncDispose]()
  const { events } = await agentDoor(ann).press(threadOf(first), widgets(first.events)[0] as WidgetItem, 'Decline')
  expect(events.filter(({ type }) => type === 'error')).toEqual([])
  model.script({ text: 'Fine.' })
  await agentDoor(ann).say(threadOf(first), 'go on')
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('The person declined this call. (declined)')
  expect((await listToolCalls({ caller: ann.caller })).data).toMatchObject([
    { tool: 'wipe', callId: 'call_disk', status: 'declined', failureClass: 'declined' },
  ])
})
