import { once } from 'node:events'
import { beforeEach, expect, test } from 'vitest'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { conversation } from '#tests/support/conversation.ts'
import {
  type Answer,
  eventsOf,
  jsonAnswer,
  type RawModel,
  rawModel,
  streamAnswer,
} from '#tests/support/models/raw-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { HARMLESS, mcpServer, type TestMcp } from '#tests/support/tool-servers/mcp-server.ts'

// How the search for tools that a model's server refuses without a name behaves towards that
// server.

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn()).caller
})

const NAMES = Array.from({ length: 100 }, (_, index) => `tool_${index}`)
const fine = streamAnswer('responses', { text: 'Fine.' })
const vague = jsonAnswer(400, {
  error: { code: 400, message: 'Failed to initialize samplers: failed to parse grammar' },
})

function namesIn(body: Record<string, unknown> | undefined): string[] {
  return ((body?.tools ?? []) as { name: string }[]).map(({ name }) => name)
}

/** Refuses without a name while one of these tools is offered, and answers else. */
function refusing(refused: string[], answer: Answer): Answer {
  return (...at) => (namesIn(at[1]).some((name) => refused.includes(name)) ? vague : answer)(...at)
}

const serve = () => mcpServer(NAMES.map((name) => ({ name, annotations: HARMLESS, run: () => `ran ${name}` })))

function ready(model: RawModel, mcp: TestMcp, name: string): void {
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_MODEL: name, OPENAI_API_KEY: 'k' },
    ...{ MCP_BUILTIN: 'off', MCP_SERVER_URL: mcp.url, MODEL_DIRECT_TOOLS: '128', MEMORY: 'off' },
  })
}

test('a question of the search that the server takes is ended, so that its model stops writing', async () => {
  await using mcp = await serve()
  const closed: Promise<unknown>[] = []
  // Writes without end, until its reader is gone.
  const endless: Answer = (response) => {
    closed.push(once(response, 'close'))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(eventsOf('responses', { text: 'x' })[0])
  }
  const answer: Answer = (...at) => (namesIn(at[1]).length === 99 ? fine : endless)(...at)
  await using model = await rawModel(refusing(['tool_70'], answer))
  ready(model, mcp, 'ended')
  const turn = await (await conversation(caller)).say('hello')
  expect(turn.text).toBe('Fine.')
  expect(closed.length).toBeGreaterThan(0)
  await Promise.all(closed)
})

test('three refused tools that stand together are found within one search', async () => {
  await using mcp = await serve()
  const refused = ['tool_50', 'tool_51', 'tool_52']
  await using model = await rawModel(refusing(refused, fine))
  ready(model, mcp, 'together')
  const turn = await (await conversation(caller)).say('hello')
  expect(turn.text).toBe('Fine.')
  expect(namesIn(model.requests.at(-1))).toEqual(NAMES.filter((name) => !refused.includes(name)))
})

test('a turn searches once: what is refused after that is its failure', async () => {
  await using mcp = await serve()
  const call = streamAnswer('responses', { calls: [{ name: 'tool_1', arguments: {} }] })
  const first = refusing(['tool_70'], (...at) => {
    model.answer(vague)
    return call(...at)
  })
  await using model = await rawModel((...at) =>
    (namesIn(at[1]).length === 99 ? first : refusing(['tool_70'], fine))(...at),
  )
  ready(model, mcp, 'once')
  const turn = await (await conversation(caller)).say('hello')
  expect(turn.error).toBeDefined()
  const after = model.requests.length - model.requests.findIndex((body) => namesIn(body).length === 99) - 1
  expect(after).toBeLessThanOrEqual(3)
})
