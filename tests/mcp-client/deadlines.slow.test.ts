import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { findPolicy, savePolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { deadlinesOf } from '#lib/mcp-client/calls/deadlines.ts'
import { sayProgress, Throttle } from '#lib/mcp-client/calls/progress.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { parseEnv } from '#lib/platform/env.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn({ role: 'admin' })).caller
})

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const policy = (server: string, more: Partial<ToolPolicy>): ToolPolicy => ({
  ...{
    server,
    tool: '*',
    approval: null,
    afterUntrusted: null,
    repeatable: false,
    hidden: [],
    connectSeconds: null,
    idleSeconds: null,
    hardSeconds: null,
  },
  ...more,
})
const nameOf = (url: string) => new URL(url).host.replace(/[^A-Za-z0-9]+/g, '_')

/** Reports progress `steps` times, `everyMs` apart, and answers. */
const dripping = (steps: number, everyMs: number): TestTool => ({
  name: 'drip',
  run: async (_args, _request, report) => {
    for (let step = 1; step <= steps; step += 1) {
      await sleep(everyMs)
      await report(step, steps, 'dripping *slowly*')
    }
    return 'full'
  },
})

/** One turn in which the model calls `tool`, and the workflow lines that the chat showed of it. */
async function call(
  tool: TestTool,
  settings: Record<string, string>,
  before: (server: string) => Promise<void> = async () => undefined,
) {
  await using server = await mcpServer([tool])
  await using model = await openAIServer({ calls: [{ name: tool.name, arguments: {} }] }, { text: 'Done.' })
  withSettings({
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'responses',
    OPENAI_API_KEY: 'k',
    MCP_BUILTIN: 'off',
    MCP_SERVER_URL: server.url,
    ...settings,
  })
  await before(nameOf(server.url))
  const shown: { content: string | undefined; status: string }[] = []
  const turn = await (await conversation(caller)).say('go', {
    onEvent: (event) => {
      if (event.type !== 'thread.item.updated' || event.update.type !== 'workflow.task.updated') return
      const { task } = event.update
      shown.push({ content: 'content' in task ? task.content : undefined, status: task.status_indicator })
    },
  })
  const [row] = (await listToolCalls({ caller })).data
  return { turn, row, shown, traceparents: server.requests.length, told: JSON.stringify(model.requests.at(-1)?.body) }
}

test('the default timeouts are 30 s to connect, 60 s idle and 300 s total', () => {
  const env = parseEnv({ APP_URL: 'http://a.example', APP_SECRET: 's'.repeat(32), DATABASE_URL: 'postgresql://a@b/c' })
  expect([env.MCP_CONNECT_TIMEOUT, env.MCP_CALL_TIMEOUT, env.MCP_CALL_HARD_TIMEOUT]).toEqual([30, 60, 300])
})

describe('the idle timeout', () => {
  test('is reset by progress, so that a call may take longer', async () => {
    const { row, told, turn } = await call(dripping(12, 200), { MCP_CALL_TIMEOUT: '2' })
    expect(row).toMatchObject({ status: 'succeeded', failureClass: null })
    expect(row?.durationMs).toBeGreaterThan(2_000)
    expect(told).toContain('full')
    expect(turn.text).toBe('Done.')
  })

  test('ends a silent call and its connection', async () => {
    let ended = false
    const silent: TestTool = {
      name: 'silent',
      run: (_args, request) =>
        new Promise((resolve) => {
          request.signal.addEventListener('abort', () => {
            ended = true
            resolve('late')
          })
        }),
    }
    const { row } = await call(silent, { MCP_CALL_TIMEOUT: '1' })
    expect(row).toMatchObject({ status: 'unknown', failureClass: 'idle_timeout' })
    await expect.poll(() => ended).toBe(true)
  })
})

test('the total timeout ends a call even if it reports progress', async () => {
  const { row } = await call(dripping(200, 200), { MCP_CALL_TIMEOUT: '10', MCP_CALL_HARD_TIMEOUT: '2' })
  expect(row).toMatchObject({ status: 'unknown', failureClass: 'hard_timeout' })
  expect(row?.durationMs).toBeGreaterThanOrEqual(2_000)
})

test('progress updates the live workflow line: the first report at once, then the newest', async () => {
  const { shown } = await call(dripping(30, 40), {})
  const live = shown.filter(({ status }) => status === 'loading')
  expect(live.length).toBeGreaterThan(1)
  expect(live.length).toBeLessThan(30)
  expect(live[0]?.content).toBe('1 of 30: dripping \\*slowly\\*')
  const steps = live.map(({ content }) => Number(/^(\d+) of 30/.exec(content ?? '')?.[1]))
  expect(steps).toEqual([...steps].sort((one, other) => one - other))
  expect(shown.at(-1)).toMatchObject({ status: 'complete', content: expect.stringMatching(/^\(\d+\.\d s\)$/) })
})

test('an admin’s timeout for a server or a tool overrides the settings', async () => {
  const fast = await call(dripping(1, 1_500), {}, (server) => savePolicy(caller, policy(server, { idleSeconds: 1 })))
  expect(fast.row).toMatchObject({ failureClass: 'idle_timeout' })
  const rows = [
    policy('s', { connectSeconds: 5, idleSeconds: 6, hardSeconds: 7 }),
    policy('s', { tool: 'own', idleSeconds: 60 }),
  ]
  expect(deadlinesOf(findPolicy(rows, 's', 'own'))).toEqual({ connectMs: 5_000, idleMs: 60_000, hardMs: 7_000 })
  expect(deadlinesOf(findPolicy(rows, 's', 'other'))).toEqual({ connectMs: 5_000, idleMs: 6_000, hardMs: 7_000 })
})

test.each([
  [{ progress: 3, total: 10, message: 'copying' }, '3 of 10: copying'],
  [{ progress: 0.4, total: 1 }, '40 %'],
  [{ progress: 40, total: 100 }, '40 %'],
  [{ progress: 7 }, 'Working'],
  [{ progress: 7, message: 'a\n b' }, 'a b'],
  [{ progress: Number.NaN, total: 3 }, 'Working'],
  [{ progress: 20, total: 10 }, '20 of 10'],
  [{ progress: 1, message: 5 as unknown as string }, 'Working'],
])('progress is shown in words: %j', (progress, said) => expect(sayProgress(progress)).toBe(said))

test('the throttle passes on the first value at once and then the newest, at most four times a second', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const passed: number[] = []
  using throttle = new Throttle<number>((value) => passed.push(value))
  for (const value of [1, 2, 3]) throttle.push(value)
  expect(passed).toEqual([1])
  vi.advanceTimersByTime(249)
  throttle.push(4)
  expect(passed).toEqual([1])
  vi.advanceTimersByTime(1)
  expect(passed).toEqual([1, 4])
  throttle.push(5)
  expect(passed).toEqual([1, 4])
  vi.advanceTimersByTime(250)
  expect(passed).toEqual([1, 4, 5])
})
