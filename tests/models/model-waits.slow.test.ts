import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { conversation, halfOpen, type TurnResult } from '#tests/support/conversation.ts'
import { type Answer, APIS, eventsOf, jsonAnswer, rawModel, streamAnswer } from '#tests/support/models/raw-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn()).caller
})

const progress = ({ events }: TurnResult) =>
  events.flatMap((event) => (event.type === 'progress_update' ? event.text : []))
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString()

describe.each(APIS)('over %s', (api) => {
  const settings = (url: string, more: Record<string, string> = {}) =>
    withSettings({ OPENAI_BASE_URL: url, OPENAI_API: api, MCP_BUILTIN: 'off', ...more })
  const fine = streamAnswer(api, { text: 'Here I am.' })

  test.each<[string, number, () => Record<string, string>]>([
    ['seconds, 429', 429, () => ({ 'retry-after': '4' })],
    ['a date, 503', 503, () => ({ 'retry-after': inSeconds(5) })],
    ['milliseconds, 529', 529, () => ({ 'retry-after-ms': '3500' })],
  ])('a wait that the server asks for is shown, and then the request is repeated: %s', async (_, status, headers) => {
    await using server = await rawModel(
      (...at) => jsonAnswer(status, { error: { message: 'slow down' } }, headers())(...at),
      fine,
    )
    settings(server.url, { MODEL_IDLE_TIMEOUT: '2' })
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('Here I am.')
    expect(progress(turn)[0]).toMatch(/asked again in [345] s\.$/)
    expect(progress(turn).at(-1), 'the line goes when the wait is over').toBe('')
    expect(server.requests).toHaveLength(2)
  })

  test('the person can stop a wait', async () => {
    await using server = await rawModel(
      jsonAnswer(429, { error: { message: 'slow' } }, { 'retry-after': inSeconds(40) }),
    )
    settings(server.url)
    const stop = new AbortController()
    const turn = await (await conversation(caller)).say('hello', {
      signal: stop.signal,
      onEvent: (event: ThreadStreamEvent) => event.type === 'progress_update' && stop.abort(),
    })
    expect(progress(turn)[0]).toMatch(/again in (40|39) s/)
    expect(turn.error).toBeUndefined()
    expect(turn.failed).toBeUndefined()
    expect(server.requests).toHaveLength(1)
  })

  test.each<[string, Answer, RegExp, string]>([
    [
      'longer than the limit',
      jsonAnswer(503, { error: 'Loading model' }, { 'retry-after': '600' }),
      /again in 10 min\./,
      'model_overloaded',
    ],
    [
      'Gemini’s delay',
      jsonAnswer(429, [
        {
          error: {
            code: 429,
            message: 'Quota exceeded.',
            status: 'RESOURCE_EXHAUSTED',
            details: [{ retryDelay: '75s' }],
          },
        },
      ]),
      /again in 75 s\./,
      'model_limited',
    ],
    [
      'a number in the body',
      jsonAnswer(429, { error: { message: 'slow', retry_after: 75 } }),
      /again in 75 s\./,
      'model_limited',
    ],
    [
      'a number beside the error, in words',
      jsonAnswer(429, { error: 'slow', retryAfter: '75' }),
      /again in 75 s\./,
      'model_limited',
    ],
    [
      'a number with its unit',
      jsonAnswer(429, { error: { message: 'slow', metadata: { retry_after_ms: 75_000 } } }),
      /again in 75 s\./,
      'model_limited',
    ],
    [
      'a number of seconds by its name',
      jsonAnswer(503, { detail: 'busy', retry_after_seconds: 90_000 }),
      /again in 25 h\./,
      'model_overloaded',
    ],
    [
      'more than a day without a unit, which are milliseconds',
      jsonAnswer(429, { error: { message: 'slow', retry_after: 90_000 } }),
      /again in 90 s\./,
      'model_limited',
    ],
    [
      'a number that nobody believes',
      jsonAnswer(429, { error: { message: 'slow. Try again in 75s', retry_after: -1 } }),
      /again in 75 s\./,
      'model_limited',
    ],
    [
      'a duration with units',
      jsonAnswer(429, { error: { message: 'slow' } }, { 'retry-after': '1m30s' }),
      /again in 90 s\./,
      'model_limited',
    ],
    [
      'the same value twice',
      jsonAnswer(429, { error: { message: 'slow' } }, { 'retry-after': '600, 600' }),
      /again in 10 min\./,
      'model_limited',
    ],
    [
      'a Unix time',
      (...at) => jsonAnswer(429, {}, { 'retry-after': String(Math.floor(Date.now() / 1_000) + 601) })(...at),
      /again in 1[01] min\./,
      'model_limited',
    ],
    [
      'in other words',
      jsonAnswer(429, { error: { message: 'Please wait 75 seconds.' } }),
      /again in 75 s\./,
      'model_limited',
    ],
    [
      'a delay in words',
      jsonAnswer(429, {
        error: {
          message: 'Rate limit reached on tokens per min. Please try again in 1m30.2s.',
          code: 'rate_limit_exceeded',
        },
      }),
      /again in 91 s\./,
      'model_limited',
    ],
  ])('a wait that is too long is part of the failure’s sentence: %s', async (_, answer, says, failureClass) => {
    await using server = await rawModel(answer)
    settings(server.url)
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.error?.message).toMatch(says)
    expect(turn.failed?.failureClass).toBe(failureClass)
    expect(server.requests).toHaveLength(1)
  })

  test.each(['Infinity', '99999999999', '-5', 'soon'])('an implausible wait is not shown: %s', async (header) => {
    await using server = await rawModel(jsonAnswer(429, { error: { message: 'slow' } }, { 'retry-after': header }))
    settings(server.url)
    expect((await (await conversation(caller)).say('hello')).error?.message).toMatch(/again in a moment\.$/)
  })

  test('a temporary failure is retried twice and no more', async () => {
    await using server = await rawModel(jsonAnswer(502, '<html><h1>Bad gateway</h1></html>'))
    settings(server.url)
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.failed).toMatchObject({ failureClass: 'model_error', detail: { status: 502, message: 'Bad gateway' } })
    expect(server.requests).toHaveLength(3)
  })

  test('comments in the stream count as progress', async () => {
    await using server = await rawModel(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let count = 0; count < 8; count += 1) {
        response.write(': OPENROUTER PROCESSING\n\n')
        await sleep(400)
      }
      response.end(eventsOf(api, { text: 'After all.' }).join(''))
    })
    settings(server.url, { MODEL_IDLE_TIMEOUT: '1' })
    expect((await (await conversation(caller)).say('hello')).text).toBe('After all.')
  })

  test.each<[string, (response: Parameters<Answer>[0]) => unknown]>([
    ['left open', () => undefined],
    ['reset', (response) => response.socket?.resetAndDestroy()],
    ['commented on for ever', (response) => setInterval(() => response.write(': still here\n\n'), 300).unref()],
  ])('a socket that is %s after the end of the answer is not a failure', async (_, then) => {
    await using server = await rawModel(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const events = eventsOf(api, { text: 'A whole answer.' }).filter((event) => !event.includes('[DONE]'))
      for (const event of events) response.write(event)
      await sleep(50)
      then(response)
    })
    settings(server.url, { MODEL_IDLE_TIMEOUT: '5' })
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('A whole answer.')
    expect(halfOpen(turn.events)).toEqual([])
  })

  test.each<[string, string, string]>([
    ['with its own type', 'application/json', ''],
    ['with white space before it', 'text/plain', '\n  '],
    ['under the name of a stream', 'text/event-stream', ''],
  ])('a server that does not stream is read as a whole answer, %s', async (_, type, before) => {
    const whole = {
      responses: {
        object: 'response',
        id: 'resp_1',
        status: 'completed',
        error: null,
        output: [
          { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'A greeting.' }] },
          {
            id: 'msg_1',
            type: 'message',
            role: 'assistant',
            content: [{ type: 'output_text', text: 'Not streamed.', annotations: [] }],
          },
        ],
        usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
      },
      chat_completions: {
        object: 'chat.completion',
        id: 'x',
        choices: [
          {
            index: 0,
            finish_reason: 'stop',
            message: { role: 'assistant', reasoning: 'A greeting.', content: 'Not streamed.' },
          },
        ],
        usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
      },
    }[api]
    await using server = await rawModel((response) => {
      response.writeHead(200, { 'content-type': type })
      response.end(before + JSON.stringify(whole))
    })
    settings(server.url)
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('Not streamed.')
    expect(JSON.stringify(turn.workflows)).toContain('A greeting.')
    expect(turn.facts).toMatchObject({ inputTokens: 3, outputTokens: 2 })
    expect(halfOpen(turn.events)).toEqual([])
  })

  const stream =
    (text: string): Answer =>
    (response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text)
  const said = eventsOf(api, { text: 'Here I am.' }).join('')

  test.each([
    ['empty data', `data: \n\ndata:\n\n${said}`],
    ['null', `data: null\n\n${said}`],
    ['a ping in words', `event: ping\ndata: ping\n\n${said}`],
    ['a ping in brackets', `data: [PING]\n\n${said}`],
    ['keep-alive', `data: keep-alive\n\n${said}`],
    ['a queue notice', `data: {"status":"queued","message":"Two before you."}\n\n${said}`],
    ['doubled data prefixes', said.replaceAll('data: ', 'data: data: ')],
    ['its end marker three times', `${said}data: [done]\n\ndata: [DONE]\n\n`],
    ['a last event that lacks its empty line', said.slice(0, said.indexOf('data: [DONE]')).trimEnd()],
  ])('a stream with %s is read', async (_, text) => {
    await using server = await rawModel(stream(text))
    settings(server.url)
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('Here I am.')
  })

  test.each<[string, Answer, string, string]>([
    ['in words', stream('data: Upstream exploded\n\n'), 'model_error', 'Upstream exploded'],
    ['without events', stream('Upstream exploded'), 'model_garbled', 'Upstream exploded'],
    [
      'of vLLM',
      stream('data: {"object":"error","message":"maximum context length is 4096 tokens","code":400}\n\n'),
      'model_too_long',
      '4096',
    ],
    ['of FastAPI', stream('data: {"detail":"Upstream exploded"}\n\n'), 'model_error', 'exploded'],
    [
      'of a gateway',
      stream('data: {"status":"error","message":"Upstream exploded","code":500}\n\n'),
      'model_error',
      'exploded',
    ],
    [
      'of MiniMax',
      jsonAnswer(200, { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }),
      'model_payment',
      'balance',
    ],
    ['of Baidu', jsonAnswer(200, { error_code: 336, error_msg: 'Upstream exploded' }), 'model_error', 'exploded'],
    [
      'beside the finish reason',
      stream(
        'data: {"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"code":502,"message":"Upstream exploded"}}]}\n\n',
      ),
      'model_error',
      'exploded',
    ],
    [
      'in damaged bytes',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'),
      'model_cut',
      'header',
    ],
  ])('a failure inside a 200 keeps its reason: %s', async (_, answer, failureClass, word) => {
    // Temporary failures are retried.
    await using server = await rawModel(answer)
    settings(server.url)
    const turn = await (await conversation(caller)).say('hello')
    expect(turn.failed?.failureClass).toBe(failureClass)
    expect(JSON.stringify(turn.failed?.detail)).toContain(word)
  })

  test('an event of more than 50 million characters is reported as unreadable', async () => {
    await using server = await rawModel((response) => {
      response.writeHead(200).write('data: {"choices":[{"index":0,"delta":{"content":"')
      for (let megabytes = 0; megabytes < 51; megabytes += 1) response.write('x'.repeat(1_000_000))
      response.end('"}}]}\n\n')
    })
    settings(server.url)
    expect((await (await conversation(caller)).say('hello')).failed?.failureClass).toBe('model_garbled')
  })

  test('a call in an answer that is not streamed is made', async () => {
    const call = {
      responses: {
        id: 'resp_1',
        status: 'completed',
        output: [
          {
            id: 'fc_1',
            type: 'function_call',
            call_id: 'call_1',
            name: 'add_task',
            arguments: '{"title":"milk"}',
            status: 'completed',
          },
        ],
      },
      chat_completions: {
        id: 'x',
        choices: [
          {
            index: 0,
            finish_reason: 'tool_calls',
            message: {
              role: 'assistant',
              content: null,
              tool_calls: [
                { id: 'call_1', type: 'function', function: { name: 'add_task', arguments: '{"title":"milk"}' } },
              ],
            },
          },
        ],
      },
    }[api]
    await using server = await rawModel(jsonAnswer(200, call), streamAnswer(api, { text: 'Added.' }))
    settings(server.url)
    const turn = await (await conversation(caller)).say('milk')
    expect(turn.text).toBe('Added.')
    expect(JSON.stringify(server.requests[1])).toContain('call_1')
  })

  test.each<[string, Answer, string]>([
    ['204', (response) => response.writeHead(204).end(), 'model_empty'],
    [
      'an empty body',
      (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(),
      'model_empty',
    ],
    ['a body of white space', (response) => response.writeHead(200).end(' \n\n '), 'model_empty'],
    [
      'only comments',
      (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': hi\n\n: ho\n\n'),
      'model_empty',
    ],
    ['an answer of white space', streamAnswer(api, { text: ' \n\n' }), 'model_empty'],
    [
      'an HTML page',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Sign in</p>'),
      'model_garbled',
    ],
    ['unrelated JSON', jsonAnswer(200, { hello: 'there' }), 'model_garbled'],
  ])('%s is reported, and the next message works', async (_, answer, failureClass) => {
    await using server = await rawModel(answer)
    settings(server.url)
    const chat = await conversation(caller)
    const turn = await chat.say('hello')
    expect(turn.failed?.failureClass).toBe(failureClass)
    expect(turn.text).toBe('')
    expect(halfOpen(turn.events)).toEqual([])
    server.answer(fine)
    expect((await chat.say('and now?')).text).toBe('Here I am.')
  })
})

test('an empty output list in the last event keeps the items that streamed', async () => {
  await using server = await rawModel(
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const events = eventsOf('responses', { text: 'It streamed.', calls: [{ name: 'whoami', arguments: {} }] })
      const [, last = ''] = /^data: (.*)\n\n$/.exec(events.at(-1) ?? '') ?? []
      const frame = JSON.parse(last)
      frame.response.output = []
      response.end([...events.slice(0, -1), `data: ${JSON.stringify(frame)}\n\n`].join(''))
    },
    streamAnswer('responses', { text: 'Done.' }),
  )
  withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: 'responses' })
  const turn = await (await conversation(caller)).say('hello')
  expect(turn.error).toBeUndefined()
  expect(turn.text).toBe('It streamed.\nDone.')
  expect(JSON.stringify(server.requests[1])).toContain('function_call_output')
})

test.each([
  ['with an error', { status: 'failed', error: { code: 'server_error', message: 'Upstream exploded' } }, 'model_error'],
  [
    'without one',
    { status: 'failed', error: null, incomplete_details: { reason: 'content_filter' } },
    'model_filtered',
  ],
])('a response.completed event with status failed is a failure: %s', async (_, end, failureClass) => {
  await using server = await rawModel((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(
      `data: ${JSON.stringify({ type: 'response.completed', response: { id: 'resp_1', output: [], ...end } })}\n\n`,
    )
  })
  withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: 'responses', MCP_BUILTIN: 'off' })
  expect((await (await conversation(caller)).say('hello')).failed?.failureClass).toBe(failureClass)
})
