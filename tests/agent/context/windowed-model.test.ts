import { expect, test } from 'vitest'
import { loadCounter } from '#lib/agent/input/count-tokens.ts'
import { conversation } from '#tests/support/conversation.ts'
import { type OpenAIServer, openAIServer, type RecordedRequest } from '#tests/support/models/openai-server.ts'
import { FILLER, inputOf, isSummaryRequest } from '#tests/support/models/remembering-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { seedTurns } from '#tests/support/seeded-turns.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// At the door: no request of a turn is longer than its model takes, whatever tools answer and whatever
// was said of the window.

const WINDOW = 8_000
const READS = { readOnlyHint: true, openWorldHint: false }
type Entry = { type?: string; call_id?: string; output?: unknown }
const entriesOf = ({ body }: RecordedRequest) => body.input as Entry[]

async function settings(model: OpenAIServer, more: Record<string, string> = {}) {
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_CONTEXT_TOKENS: String(WINDOW) },
    ...{ MCP_BUILTIN: 'off', RUNS_PER_MINUTE: '1000', ...more },
  })
}

test('long results of one turn are shortened, and each call keeps its result', async () => {
  const count = await loadCounter()
  await using server = await mcpServer([
    { name: 'read', annotations: READS, run: ({ page }) => `Page ${page} begins. ${`Row of ${page}. `.repeat(1_500)}` },
    { name: 'small', annotations: READS, run: () => 'A small result.' },
  ])
  await using model = await openAIServer()
  let asked = 0
  model.otherwise(() => {
    asked += 1
    const calls = [
      { name: 'read', arguments: { page: `p${asked}` } },
      { name: 'small', arguments: {} },
    ]
    return asked <= 4 ? { calls } : { text: 'I have read it all.' }
  })
  await settings(model, { MCP_SERVER_URL: server.url })
  const chat = await conversation((await signedIn()).caller)
  expect((await chat.say('Read the whole book.')).text).toBe('I have read it all.')
  expect(model.requests).toHaveLength(5)
  for (const request of model.requests)
    expect(count([inputOf(request), JSON.stringify(request.body.tools)])).toBeLessThan(WINDOW)
  const last = entriesOf(model.requests.at(-1) as RecordedRequest)
  const results = last.filter(({ type }) => type === 'function_call_output')
  expect(results).toHaveLength(8)
  for (const { call_id } of results)
    expect(last.filter(({ type, call_id: id }) => type === 'function_call' && id === call_id)).toHaveLength(1)
  const texts = results.map(({ output }) => JSON.stringify(output))
  for (const page of ['p1', 'p2', 'p3', 'p4']) expect(texts.join()).toContain(`Page ${page} begins.`)
  expect(texts.filter((text) => text.includes('has no room in the context window'))).toHaveLength(4)
  expect(texts.filter((text) => text.includes('A small result.'))).toHaveLength(4)
})

test.each([
  ['names its limit', "This model's maximum context length is 8192 tokens. Your messages have more."],
  ['does not', 'The prompt is too long.'],
])('a window that is said too big is learnt from a server that %s', async (_, message) => {
  await using model = await openAIServer()
  const sizes: number[] = []
  model.otherwise((request) => {
    const size = inputOf(request).length / 4
    sizes.push(size)
    if (size > WINDOW) return { fault: { kind: 'status', status: 400, message, code: 'context_length_exceeded' } }
    return { text: isSummaryRequest(request) ? 'We talked.' : 'All is well.' }
  })
  await settings(model, { OPENAI_CONTEXT_TOKENS: '20000', OPENAI_MODEL: `said-too-big-${message.length}` })
  const ann = await signedIn()
  const chat = await conversation(ann.caller)
  const turns = Array.from({ length: 80 }, (__, at) => ({ said: `Message ${at}.`, answer: FILLER.repeat(4) }))
  await seedTurns(ann.caller, chat.thread, turns)
  const first = await chat.say('How are you?')
  expect(first.failed).toBeUndefined()
  expect(first.text).toBe('All is well.')
  expect(sizes[0]).toBeGreaterThan(WINDOW)
  const before = sizes.length
  const next = await chat.say('And now?')
  expect(next.text).toBe('All is well.')
  // The next turn knows, and summarises what does not fit.
  expect(Math.max(...sizes.slice(before))).toBeLessThanOrEqual(WINDOW)
  expect(model.requests.filter(isSummaryRequest)).not.toEqual([])
})
