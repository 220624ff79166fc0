import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type FailureClass, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { rememberTools } from '#lib/mcp-client/tools/tool-lists.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { log } from '#lib/platform/log.ts'
import { writeMetrics } from '#lib/platform/metrics/write-metrics.ts'
import { conversation, halfOpen } from '#tests/support/conversation.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import {
  blackHole,
  type Fault,
  faultServer,
  refusingUrl,
  untrustedTls,
} from '#tests/support/tool-servers/fault-server.ts'
import { HARMLESS, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

// Every way in which a call fails, through the agent. The ledger, the log, the metric, the chat and
// the model all get the same class.

let caller: Caller
let model: OpenAIServer

beforeEach(async () => {
  caller = (await signedIn()).caller
  model = await openAIServer()
})
afterEach(() => model[Symbol.asyncDispose]())

function settings(url: string, failureClass: FailureClass) {
  withSettings({
    ...{
      OPENAI_BASE_URL: model.url,
      OPENAI_API: 'responses',
      OPENAI_API_KEY: 'k',
      MCP_BUILTIN: 'off',
      MCP_SERVER_URL: url,
    },
    ...{
      MCP_CONNECT_TIMEOUT: failureClass === 'connect_timeout' ? '1' : '20',
      MCP_CALL_TIMEOUT: failureClass === 'idle_timeout' ? '1' : '20',
    },
    MCP_CALL_HARD_TIMEOUT: failureClass === 'hard_timeout' ? '1' : '20',
  })
}

/** Remembers the tool list as if the server had been up before. */
function listedBefore(url: string) {
  const inputSchema = { type: 'object' as const, properties: {}, required: [], additionalProperties: true }
  rememberTools({ url }, caller.userId, [{ name: 'pay', description: 'pays', inputSchema, annotations: HARMLESS }], {
    asks: true,
  })
}

const ledger = async () => (await listToolCalls({ caller })).data

/** One turn in which the model calls the tool. */
async function pay(args: object = { amount: 1 }, { signal }: { signal?: AbortSignal } = {}) {
  const warned = vi.spyOn(log, 'warn')
  const talk = await conversation(caller)
  model.script({ calls: [{ name: 'pay', arguments: args }] }, { text: 'I see.' })
  const turn = await talk.say('pay the bill', { signal })
  const logged = warned.mock.calls.flatMap(([line]) => (line as { failure_class?: string }).failure_class ?? [])
  return { turn, talk, logged }
}

async function expectEverywhere(
  failureClass: FailureClass,
  status: string,
  { turn, logged }: Awaited<ReturnType<typeof pay>>,
) {
  expect((await ledger())[0]).toMatchObject({ status, failureClass, tool: 'pay' })
  const line = turn.workflows[0]?.workflow.tasks[0]
  expect(line).toMatchObject({
    title: 'pay',
    content: expect.stringMatching(new RegExp(`Failed.*\\(${failureClass}\\)$`, 's')),
  })
  const told = JSON.stringify(model.requests.at(-1)?.body)
  expect(told).toMatch(new RegExp(`The call failed\\. [^"]+\\(${failureClass}\\)`))
  if (failureClass !== 'tool_error' && failureClass !== 'denied') expect(logged).toContain(failureClass)
  const counted = `switchboard_tool_calls_total{server="${(await ledger())[0]?.server}",status="${status}",failure_class="${failureClass}"} `
  expect((await writeMetrics()).text).toContain(counted)
  expect(turn.text).toBe('I see.')
  expect(halfOpen(turn.events)).toEqual([])
}

const paid: TestTool = { name: 'pay', run: () => 'paid' }

const dead: [FailureClass, () => Promise<{ url: string } & Partial<AsyncDisposable>>][] = [
  ['refused', async () => ({ url: await refusingUrl() })],
  ['dns', async () => ({ url: 'http://no-such-host.invalid/mcp' })],
  ['tls', untrustedTls],
  ['connect_timeout', blackHole],
]
test.each(dead)('%s: the server is gone when it is called', async (failureClass, open) => {
  const server = await open()
  settings(server.url, failureClass)
  listedBefore(server.url)
  await expectEverywhere(failureClass, 'failed', await pay())
  expect(await ledger()).toHaveLength(1)
  await server[Symbol.asyncDispose]?.()
})

const stage = 'tools/call'
const faults: [FailureClass, status: string, fault: Fault, ran: number, rows: number][] = [
  ['unauthorised', 'failed', { kind: 'status', status: 401, stage }, 0, 1],
  ['forbidden', 'failed', { kind: 'status', status: 403, stage }, 0, 1],
  [
    'forbidden',
    'failed',
    { kind: 'status', status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' }, stage },
    0,
    1,
  ],
  ['session_lost', 'failed', { kind: 'status', status: 404, stage }, 0, 2],
  ['protocol_error', 'unknown', { kind: 'malformed', stage }, 0, 1],
  ['protocol_error', 'unknown', { kind: 'wrong-type', stage }, 0, 1],
  // Unless it is certainly a refusal, the answer may have come after the tool's work.
  ['protocol_error', 'unknown', { kind: 'status', status: 400, stage }, 0, 1],
  ['too_large', 'failed', { kind: 'status', status: 413, stage }, 0, 1],
  ['overloaded', 'failed', { kind: 'status', status: 429, stage, headers: { 'retry-after': '40' } }, 0, 1],
  ['outcome_unknown', 'unknown', { kind: 'status', status: 502, stage }, 0, 1],
  ['idle_timeout', 'unknown', { kind: 'hang', stage }, 0, 1],
  ['transport_lost', 'unknown', { kind: 'cut', stage, commits: true }, 1, 1],
]
test.each(faults)('%s, %s: %j', async (failureClass, status, fault, ran, rows) => {
  await using server = await faultServer([paid])
  settings(server.url, failureClass)
  model.script({ text: 'Hello.' })
  await (await conversation(caller)).say('hello')
  server.fault = fault
  await expectEverywhere(failureClass, status, await pay())
  expect(server.calls).toHaveLength(ran)
  expect(await ledger()).toHaveLength(rows)
})

test('hard_timeout: a tool reports progress for ever', async () => {
  const drip: TestTool = {
    name: 'pay',
    run: async (_args, _request, report) => {
      for (let step = 0; step < 40; step += 1) {
        await report(step)
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },
  }
  await using server = await faultServer([drip])
  settings(server.url, 'hard_timeout')
  await expectEverywhere('hard_timeout', 'unknown', await pay())
  expect(server.calls).toHaveLength(1)
})

test('tool_error: the tool’s error is reported without secrets', async () => {
  const broken: TestTool = {
    name: 'pay',
    run: () => {
      throw new Error('the account is closed, password hunter2')
    },
  }
  await using server = await faultServer([broken])
  settings(server.url, 'tool_error')
  await expectEverywhere('tool_error', 'failed', await pay())
  expect(JSON.stringify(model.requests)).not.toContain('hunter2')
})

test('bad_arguments: the server does not know the tool', async () => {
  await using server = await faultServer([{ name: 'other', run: () => 'ok' }])
  settings(server.url, 'bad_arguments')
  listedBefore(server.url)
  await expectEverywhere('bad_arguments', 'failed', await pay())
})

test('denied: arguments that need an approval are too long to read', async () => {
  await using server = await faultServer([{ ...paid, annotations: { destructiveHint: true } }])
  settings(server.url, 'denied')
  await expectEverywhere('denied', 'failed', await pay({ note: 'x'.repeat(30_000) }))
  expect(server.calls).toEqual([])
})

test('cancelled: the person stops the turn, and the next turn knows of the call', async () => {
  const stop = new AbortController()
  const slow: TestTool = {
    name: 'pay',
    run: () => new Promise((resolve) => setTimeout(resolve, 5_000, stop.abort() ?? 'late').unref()),
  }
  await using server = await faultServer([slow])
  settings(server.url, 'cancelled')
  const { turn, talk, logged } = await pay({ amount: 1 }, { signal: stop.signal })
  expect(halfOpen(turn.events)).toEqual([])
  await vi.waitFor(
    async () => expect(await ledger()).toMatchObject([{ status: 'cancelled', failureClass: 'cancelled' }]),
    20_000,
  )
  expect(JSON.stringify(turn.workflows)).toMatch(/Stopped before the tool answered|\(cancelled\)/)
  await talk.say('go on')
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('may or may not have taken effect')
  expect(
    logged.concat(
      vi.mocked(log.warn).mock.calls.flatMap(([line]) => (line as { failure_class?: string }).failure_class ?? []),
    ),
  ).toContain('cancelled')
})
