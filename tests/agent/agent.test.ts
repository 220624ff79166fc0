import { beforeEach, describe, expect, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { conversation, halfOpen } from '#tests/support/conversation.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))

let caller: Caller
beforeEach(async () => {
  const ann = await signedIn({ name: 'Ann "the boss" Lee', timeZone: 'Europe/Zurich', locale: 'de-CH' })
  caller = ann.caller
})

const bodies = (server: { requests: { body: Record<string, unknown> }[] }) =>
  server.requests.map(({ body }) => JSON.stringify(body))

describe.each(['responses', 'chat_completions'] as const)('over %s', (api) => {
  async function start() {
    const server = await openAIServer()
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api, OPENAI_MODEL: 'a-model', OPENAI_API_KEY: 'sk-test' })
    return server
  }

  test('the model calls a tool, reads its result and answers; the ledger has the call', async () => {
    await using server = await start()
    server.script(
      {
        calls: [{ name: 'add_task', arguments: { title: 'buy milk' }, id: 'call_milk' }],
        usage: { input: 100, output: 10 },
      },
      { text: 'I have added **buy milk**.', usage: { input: 200, output: 20 } },
    )
    const chat = await conversation(caller, { builtinFetch })
    const turn = await chat.say('add a task: buy milk')

    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('I have added **buy milk**.')
    expect(turn.facts).toEqual({ model: 'a-model', inputTokens: 300, outputTokens: 30, modelCalls: 2 })
    expect(turn.workflows).toMatchObject([
      {
        workflow: {
          type: 'custom',
          summary: { duration: expect.any(Number) },
          tasks: [{ title: 'Add a task', status_indicator: 'complete', icon: 'check-circle' }],
        },
      },
    ])
    const { data } = await listToolCalls({ caller })
    expect(data).toMatchObject([
      {
        tool: 'add_task',
        server: 'switchboard',
        status: 'succeeded',
        callId: 'call_milk',
        runId: turn.runId,
        threadId: chat.thread.id,
      },
    ])
    expect(bodies(server)[1]).toContain('buy milk')
    expect(bodies(server)[1]).toContain('call_milk')
    expect(server.requests[0]?.headers.authorization).toBe('Bearer sk-test')
    expect(halfOpen(turn.events)).toEqual([])
  })

  test('each text delta arrives once, and the deltas add up to the whole text', async () => {
    await using server = await start()
    server.script({ text: ['One ', 'two ', 'three'] })
    const turn = await (await conversation(caller, { builtinFetch })).say('count')
    const deltas = turn.events.flatMap((event) =>
      event.type === 'thread.item.updated' && event.update.type === 'assistant_message.content_part.text_delta'
        ? event.update.delta
        : [],
    )
    expect(deltas).toEqual(['One ', 'two ', 'three'])
    expect(turn.messages).toHaveLength(1)
    expect(turn.text).toBe('One two three')
  })

  test('the model is told who asks, in which place and language, and when', async () => {
    await using server = await start()
    server.script({ text: 'Hello' })
    await (await conversation(caller, { builtinFetch })).say('hello')
    const told = bodies(server)[0] ?? ''
    for (const fact of ['the boss', caller.userId, 'Europe/Zurich', 'de-CH', new Date().toISOString().slice(0, 10)])
      expect(told).toContain(fact)
    expect(server.requests[0]?.body).toMatchObject({ model: 'a-model', stream: true })
  })

  test('the next turn’s input contains an earlier tool call together with its result', async () => {
    await using server = await start()
    server.script(
      { calls: [{ name: 'save_note', arguments: { title: 'door', body: 'code 4711' }, id: 'call_note' }] },
      { text: 'Saved.' },
      { text: 'It is 4711.' },
    )
    const chat = await conversation(caller, { builtinFetch })
    await chat.say('note: the door code is 4711')
    await chat.say('what was it?')
    const input = server.requests[2]?.body as {
      input?: { type: string; call_id?: string }[]
      messages?: { role: string }[]
    }
    if (api === 'responses') {
      expect(input.input?.map(({ type }) => type)).toEqual([
        undefined,
        'function_call',
        'function_call_output',
        'message',
        undefined,
      ])
    } else {
      expect(input.messages?.map(({ role }) => role)).toEqual([
        'system',
        'user',
        'assistant',
        'tool',
        'assistant',
        'user',
      ])
    }
    expect(bodies(server)[2]).toContain('call_note')
    expect(bodies(server)[2]).not.toContain('following task was performed')
  })

  test('several calls in one answer run in parallel, each with its own workflow line', async () => {
    await using server = await start()
    await using outside = await mcpServer(
      Array.from({ length: 20 }, (_, index) => ({ name: `tool_${index}`, run: ({ n }) => `${index} got ${n}` })),
    )
    withSettings({ MCP_SERVER_URL: outside.url, MCP_BUILTIN: 'off' })
    const calls = Array.from({ length: 20 }, (_, index) => ({ name: `tool_${index}`, arguments: { n: index * 7 } }))
    server.script({ calls }, { text: 'done' })
    const turn = await (await conversation(caller, { builtinFetch })).say('all')
    expect(turn.error).toBeUndefined()
    for (let index = 0; index < 20; index += 1) expect(bodies(server)[1]).toContain(`${index} got ${index * 7}`)
    expect(turn.workflows[0]?.workflow.tasks.map(({ title }) => title)).toEqual(calls.map(({ name }) => name))
    const { data } = await listToolCalls({ caller })
    expect(new Set(data.map(({ callId }) => callId)).size).toBe(20)
  })

  test('a quick call shows its end while a slow one still runs', async () => {
    await using server = await start()
    const shown = Promise.withResolvers<string>()
    await using outside = await mcpServer([
      { name: 'quick', run: () => 'quick' },
      { name: 'slow', run: () => shown.promise },
    ])
    withSettings({ MCP_SERVER_URL: outside.url, MCP_BUILTIN: 'off' })
    server.script({ calls: ['slow', 'quick'].map((name) => ({ name, arguments: {} })) }, { text: 'done' })
    const ends: (string | undefined)[] = []
    await (await conversation(caller, { builtinFetch })).say('both', {
      onEvent: (event) => {
        if (event.type !== 'thread.item.updated' || event.update.type !== 'workflow.task.updated') return
        if (event.update.task.status_indicator === 'complete') ends.push(event.update.task.title)
        // The slow call returns only after the end of the quick one was shown.
        if (ends.includes('quick')) shown.resolve('slow')
      },
    })
    expect(ends).toEqual(['quick', 'slow'])
  })

  test('a failed call is reported to the model and to the person', async () => {
    await using server = await start()
    server.script({ calls: [{ name: 'complete_task', arguments: { number: 77 } }] }, { text: 'There is no task 77.' })
    const turn = await (await conversation(caller, { builtinFetch })).say('done with 77')
    expect(turn.text).toBe('There is no task 77.')
    expect(turn.workflows[0]?.workflow.tasks).toMatchObject([
      { status_indicator: 'complete', content: expect.stringMatching(/Failed.*77/s), icon: 'lucide:circle-alert' },
    ])
    expect(bodies(server)[1]).toContain('The call failed.')
    expect((await listToolCalls({ caller })).data).toMatchObject([{ status: 'failed', failureClass: 'tool_error' }])
  })

  test('a call of an unknown tool or with invalid JSON does not end the turn', async () => {
    await using server = await start()
    server.script(
      { calls: [{ name: 'no_such_tool', arguments: {} }] },
      { calls: [{ name: 'add_task', arguments: '{"title": "half' }] },
      { text: 'Sorry.' },
    )
    const turn = await (await conversation(caller, { builtinFetch })).say('try')
    expect(turn.error).toBeUndefined()
    expect(turn.text).toBe('Sorry.')
    for (const task of turn.workflows[0]?.workflow.tasks ?? [])
      expect(task).toMatchObject({ content: expect.stringContaining('was not made') })
    expect(bodies(server)[1]).toContain('There is no tool named no_such_tool')
    expect(bodies(server)[2]).toContain('have to be one whole JSON object')
    expect((await listToolCalls({ caller })).data).toEqual([])
  })

  test('reasoning is shown apart from the answer', async () => {
    await using server = await start()
    server.script({ reasoning: 'Let me think about it', text: 'Yes.' })
    const turn = await (await conversation(caller, { builtinFetch })).say('think')
    expect(turn.workflows).toMatchObject([
      {
        workflow: {
          type: 'reasoning',
          tasks: [{ type: 'thought', content: 'Let me think about it' }],
          summary: { duration: expect.any(Number) },
        },
      },
    ])
    expect(turn.text).toBe('Yes.')
    expect(halfOpen(turn.events)).toEqual([])
  })

  test('a second message in one turn has an id of its own', async () => {
    await using server = await start()
    server.script({ text: 'I look.', calls: [{ name: 'list_tasks', arguments: {} }] }, { text: 'Nothing is open.' })
    const turn = await (await conversation(caller, { builtinFetch })).say('what is open?')
    expect(turn.messages.map(({ content }) => content[0]?.text)).toEqual(['I look.', 'Nothing is open.'])
    expect(new Set(turn.messages.map(({ id }) => id)).size).toBe(2)
  })

  test('a stop during a call ends the turn without an error and leaves no item open', async () => {
    await using server = await start()
    const stop = new AbortController()
    const never: TestTool['run'] = (_args, { signal }) => {
      stop.abort()
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve('late')))
    }
    await using outside = await mcpServer([{ name: 'slow', run: never }])
    withSettings({ MCP_SERVER_URL: outside.url, MCP_BUILTIN: 'off' })
    server.script({ calls: [{ name: 'slow', arguments: {}, id: 'call_slow' }] }, { text: 'never said' })
    const chat = await conversation(caller, { builtinFetch })
    const turn = await chat.say('go', { signal: stop.signal })
    expect(turn.error).toBeUndefined()
    expect(turn.failed).toBeUndefined()
    expect(halfOpen(turn.events)).toEqual([])
    expect(turn.workflows[0]?.workflow.tasks).toMatchObject([
      { title: 'slow', status_indicator: 'complete', content: /Stopped/ },
    ])
    // The turn does not wait for the ledger row of a stopped call.
    await expect
      .poll(async () => (await listToolCalls({ caller })).data)
      .toMatchObject([{ status: 'cancelled', failureClass: 'cancelled' }])
    server.script({ text: 'As before.' })
    await chat.say('and now?')
    expect(bodies(server).at(-1)).toContain('may or may not have taken effect')
  })
})

test('an unreachable server is named to the person and the model, and the turn goes on', async () => {
  await using server = await openAIServer({ text: 'Without it, then.' })
  withSettings({ OPENAI_BASE_URL: server.url, MCP_SERVER_URL: 'http://no-such-host.invalid/mcp' })
  const turn = await (await conversation(caller, { builtinFetch })).say('hello')
  expect(turn.text).toBe('Without it, then.')
  expect(turn.events[0]).toMatchObject({
    type: 'notice',
    level: 'warning',
    title: expect.stringContaining('no_such_host_invalid'),
  })
  expect(bodies(server)[0]).toContain('no_such_host_invalid')
  expect(bodies(server)[0]).toContain('add_task')
})

test('a base URL works without a key', async () => {
  await using server = await openAIServer({ text: 'Hello from here.' })
  withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: 'chat_completions' })
  expect((await (await conversation(caller, { builtinFetch })).say('hello')).text).toBe('Hello from here.')
})
