import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { PATIENCE } from '#lib/runs/launch-run.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { conversation, halfOpen } from '#tests/support/conversation.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
const TEXT = ['One ', 'two ', 'three ', 'four']

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn()).caller
})

type Case = {
  name: string
  steps: Step[]
  failureClass: string
  says: RegExp
  retry: boolean
  /** The text of the answer that is kept. */
  keeps?: RegExp
}

const status = (code: number, more: object = {}): Step => ({ fault: { kind: 'status', status: code, ...more } })
const secret = 'Incorrect API key provided: sk-proj-hunter2hunter2hunter2'

const cases: Case[] = [
  {
    name: '401',
    steps: [status(401, { message: secret })],
    failureClass: 'model_unauthorised',
    says: /OPENAI_API_KEY/,
    retry: false,
  },
  { name: '403', steps: [status(403)], failureClass: 'model_unauthorised', says: /OPENAI_API_KEY/, retry: false },
  { name: '404', steps: [status(404)], failureClass: 'model_not_found', says: /OPENAI_MODEL/, retry: false },
  {
    name: '429 with Retry-After',
    steps: [status(429, { headers: { 'retry-after': '42' } })],
    failureClass: 'model_limited',
    says: /again in 42 s\./,
    retry: true,
  },
  {
    name: 'a used-up quota',
    steps: [status(429, { headers: { 'retry-after': '42' }, code: 'insufficient_quota' })],
    failureClass: 'model_quota',
    says: /quota/,
    retry: false,
  },
  {
    name: '500, three times',
    steps: [status(500), status(500), status(500)],
    failureClass: 'model_error',
    says: /failed/,
    retry: true,
  },
  {
    name: 'a conversation that is too long',
    steps: [status(400, { code: 'context_length_exceeded', message: 'maximum context length is 8192 tokens' })],
    failureClass: 'model_too_long',
    says: /too long/,
    retry: false,
  },
  {
    name: 'a bad request',
    steps: [status(400, { message: secret })],
    failureClass: 'model_rejected',
    says: /rejected/,
    retry: true,
  },
  {
    name: 'a socket that is cut',
    steps: [{ text: TEXT, fault: { kind: 'cut', after: 5 } }],
    failureClass: 'model_cut',
    says: /cut off/,
    retry: true,
    keeps: /^One two/,
  },
  {
    name: 'a stream without its end',
    steps: [{ text: TEXT, fault: { kind: 'ends', after: 5 } }],
    failureClass: 'model_cut',
    says: /cut off/,
    retry: true,
    keeps: /^One two/,
  },
  {
    name: 'half a tool call',
    steps: [{ calls: [{ name: 'add_task', arguments: { title: 'half' } }], fault: { kind: 'ends', after: 3 } }],
    failureClass: 'model_cut',
    says: /cut off/,
    retry: true,
  },
  {
    name: 'a frame that is not JSON',
    steps: [{ text: TEXT, fault: { kind: 'malformed', after: 5 } }],
    failureClass: 'model_cut',
    says: /cut off/,
    retry: true,
    keeps: /^One two/,
  },
  { name: 'an empty answer', steps: [{}], failureClass: 'model_empty', says: /empty/, retry: true },
  {
    name: 'silence from the start',
    steps: [{ fault: { kind: 'silence', after: 0 } }],
    failureClass: 'model_silent',
    says: /stopped answering/,
    retry: true,
  },
  {
    name: 'silence in the middle',
    steps: [{ text: TEXT, fault: { kind: 'silence', after: 5 } }],
    failureClass: 'model_silent',
    says: /stopped answering/,
    retry: true,
    keeps: /^One two/,
  },
]

describe.each(['responses', 'chat_completions'] as const)('over %s', (api) => {
  test.each(cases)(
    '$name: the turn has a sentence and a failure class, leaves no item open, and the next message works',
    async (expected) => {
      await using server = await openAIServer(...expected.steps)
      const idle = expected.failureClass === 'model_silent' ? '2' : '20'
      withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api, MODEL_IDLE_TIMEOUT: idle, MODEL_WAIT_MAX: '0' })
      const chat = await conversation(caller, { builtinFetch })
      const turn = await chat.say('hello')

      expect(turn.error).toMatchObject({
        name: 'CustomStreamError',
        message: expect.stringMatching(expected.says),
        allowRetry: expected.retry,
      })
      expect(turn.failed).toMatchObject({ failureClass: expected.failureClass, message: turn.error?.message })
      expect(JSON.stringify(turn.failed)).not.toContain('hunter2')
      expect(turn.error?.message).not.toContain('hunter2')
      expect(halfOpen(turn.events)).toEqual([])
      expect(turn.text).toMatch(expected.keeps ?? /^$/)
      expect((await listToolCalls({ caller })).data).toEqual([])

      server.script({ text: 'Here I am again.' })
      const next = await chat.say('and now?')
      expect(next.error).toBeUndefined()
      expect(next.text).toBe('Here I am again.')
    },
  )

  test('a 500 that does not repeat is retried unnoticed', async () => {
    await using server = await openAIServer(status(500), { text: 'Fine.' })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api })
    expect((await (await conversation(caller, { builtinFetch })).say('hello')).text).toBe('Fine.')
  })

  test('a refusal is shown as the model’s answer', async () => {
    await using server = await openAIServer({ refusal: 'I cannot help with that.' })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api })
    const turn = await (await conversation(caller, { builtinFetch })).say('do harm')
    expect(turn.text).toBe('I cannot help with that.')
    expect(turn.error).toBeUndefined()
    expect(turn.failed?.failureClass).toBe('model_refused')
    expect(halfOpen(turn.events)).toEqual([])
  })

  test('a model that never answers is stopped', async () => {
    await using server = await openAIServer(
      ...Array.from({ length: 30 }, () => ({ calls: [{ name: 'whoami', arguments: {} }] })),
    )
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api })
    const turn = await (await conversation(caller, { builtinFetch })).say('loop')
    expect(turn.failed?.failureClass).toBe('max_turns')
    expect(server.requests.length).toBeLessThan(30)
    expect(halfOpen(turn.events)).toEqual([])
  })

  test('a failure after a tool call keeps the call for the next turn', async () => {
    await using server = await openAIServer(
      { calls: [{ name: 'add_task', arguments: { title: 'milk' }, id: 'call_kept' }] },
      status(401),
    )
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api })
    const chat = await conversation(caller, { builtinFetch })
    const turn = await chat.say('milk')
    expect(turn.failed?.failureClass).toBe('model_unauthorised')
    expect(turn.workflows[0]?.workflow.tasks).toMatchObject([{ status_indicator: 'complete', icon: 'check-circle' }])
    server.script({ text: 'It is there.' })
    await chat.say('is it there?')
    expect(JSON.stringify(server.requests.at(-1)?.body)).toContain('call_kept')
  })

  test('a model that is slow but not silent is waited for', async () => {
    await using server = await openAIServer({ text: TEXT, pace: 400 })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api, MODEL_IDLE_TIMEOUT: '2' })
    expect((await (await conversation(caller, { builtinFetch })).say('slowly')).text).toBe('One two three four')
  })

  test('a stop while the model answers keeps the text', async () => {
    // Slow enough that the request to stop arrives before the last word.
    await using server = await openAIServer({ text: TEXT, pace: 2_000 })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api })
    const stop = new AbortController()
    const turn = await (await conversation(caller, { builtinFetch })).say('count', {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'thread.item.updated' && event.update.type === 'assistant_message.content_part.text_delta')
          stop.abort()
      },
    })
    expect(turn.error).toBeUndefined()
    expect(turn.failed).toBeUndefined()
    expect(turn.text).toMatch(/^One /)
    expect(turn.text).not.toContain('four')
    expect(halfOpen(turn.events)).toEqual([])
  })
})

test('a server that refuses connections is reported as unreachable', async () => {
  const server = await openAIServer()
  await server[Symbol.asyncDispose]()
  withSettings({ OPENAI_BASE_URL: server.url })
  const turn = await (await conversation(caller, { builtinFetch })).say('hello')
  expect(turn.failed).toMatchObject({
    failureClass: 'model_unreachable',
    message: expect.stringContaining('cannot be reached'),
    detail: { code: 'ECONNREFUSED' },
  })
})

test('if the database goes away during a turn, the tool is not called, the turn fails, and the next message works', async () => {
  await using server = await openAIServer(
    { calls: [{ name: 'add_task', arguments: { title: 'milk' } }] },
    { text: 'It could not be recorded.' },
  )
  // The end of the failed run is written once the database is back. The next message waits for it.
  withSettings({ OPENAI_BASE_URL: server.url, WHILE_ANSWERING: 'wait' })
  const { ms } = PATIENCE
  PATIENCE.ms = 300
  onTestFinished(() => void Object.assign(PATIENCE, { ms }))
  const chat = await conversation(caller, { builtinFetch })
  const url = process.env.DATABASE_URL
  const turn = await chat.say('milk', {
    onEvent: (event) => {
      if (event.type !== 'thread.item.added' || event.item.type !== 'workflow') return
      withSettings({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' })
      void closeDb()
    },
  })
  expect(turn.error).toBeDefined()
  expect(halfOpen(turn.events.slice(0, 1))).toHaveLength(1)
  withSettings({ DATABASE_URL: url })
  await closeDb()
  expect((await listToolCalls({ caller })).data).toEqual([])
  server.script({ text: 'Here again.' })
  expect((await chat.say('and now?')).text).toBe('Here again.')
})
