import { beforeEach, expect, test } from 'vitest'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { conversation } from '#tests/support/conversation.ts'
import { type Answer, rawModel, streamAnswer } from '#tests/support/models/raw-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Servers of Chat Completions that end with [DONE] and never give a finish reason: gateways before Gemini, LocalAI, ERNIE.

const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn()).caller
})

const stream =
  (deltas: object[], { done = true, finish = {} as object } = {}): Answer =>
  (response) => {
    const chunks = deltas.map((delta) => `data: ${JSON.stringify({ choices: [{ index: 0, delta, ...finish }] })}\n\n`)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`${chunks.join('')}${done ? 'data: [DONE]\n\n' : ''}`)
  }
const text = [{ role: 'assistant', content: 'Here ' }, { content: 'I am.' }]
const call = (args: string) => [
  { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'add_task', arguments: '' } }] },
  { tool_calls: [{ index: 0, function: { arguments: args } }] },
]

async function answered(...answers: Answer[]) {
  const server = await rawModel(...answers)
  withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: 'chat_completions' })
  const turn = await (await conversation(caller, { builtinFetch })).say('hello')
  await server[Symbol.asyncDispose]()
  return turn
}

test.each([
  ['absent', {}],
  ['null', { finish_reason: null }],
  ['empty', { finish_reason: '' }],
])('text with a finish reason that is %s and [DONE] is a whole answer', async (_, finish) => {
  const turn = await answered(stream(text, { finish }))
  expect(turn.error).toBeUndefined()
  expect(turn.text).toBe('Here I am.')
})

test('a whole call and [DONE] without a finish reason is made', async () => {
  const turn = await answered(stream(call('{"title":"milk"}')), streamAnswer('chat_completions', { text: 'Added.' }))
  expect(turn.error).toBeUndefined()
  expect(turn.text).toBe('Added.')
  expect(JSON.stringify(turn.workflows)).toContain('milk')
})

test.each([
  ['half a call', stream(call('{"title":"mi'))],
  ['a call without its arguments', stream(call(''))],
  ['text, if the stream breaks off before [DONE]', stream(text, { done: false })],
])('no finish reason: %s is cut off', async (_, answer) => {
  const turn = await answered(answer)
  expect(turn.failed).toMatchObject({ failureClass: 'model_cut' })
})

test('an error that is followed by [DONE] alone is the error', async () => {
  const turn = await answered((response) =>
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end('data: {"detail":"maximum context length is 4096 tokens"}\n\ndata: [DONE]\n\n'),
  )
  expect(turn.failed).toMatchObject({ failureClass: 'model_too_long' })
})
