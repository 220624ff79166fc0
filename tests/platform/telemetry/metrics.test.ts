import { beforeEach, expect, test, vi } from 'vitest'
import { GET as nothing } from '#app/api/[...path]/route.ts'
import { GET } from '#app/api/metrics/route.ts'
import { countModelRequest } from '#lib/platform/metrics/model-metrics.ts'
import { countToolCall } from '#lib/platform/metrics/tool-call-metrics.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { openDoor, say, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

const TOKEN = 'a token of the monitoring'
const ask = (authorization?: string) =>
  GET(new Request('http://127.0.0.1:3999/api/metrics', { headers: authorization ? { authorization } : {} }))
const scrape = async () => (await ask(`Bearer ${TOKEN}`)).text()
const numberAt = (text: string, line: string) =>
  Number(
    text
      .split('\n')
      .find((at) => at.startsWith(`${line} `))
      ?.split(' ')
      .at(-1) ?? 0,
  )

beforeEach(() => withSettings({ METRICS_TOKEN: TOKEN }))

test('metrics need the token; without METRICS_TOKEN the endpoint does not exist', async () => {
  for (const wrong of [undefined, 'Bearer', 'Bearer another token', TOKEN]) expect((await ask(wrong)).status).toBe(401)
  const right = await ask(`Bearer ${TOKEN}`)
  expect([right.status, right.headers.get('content-type'), right.headers.get('cache-control')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'no-store',
  ])
  withSettings({ METRICS_TOKEN: undefined })
  const bare = async (response: Response) => ({ status: response.status, ...(await response.json()), request_id: '' })
  const missing = await nothing(new Request('http://127.0.0.1:3999/api/nothing'))
  expect(await bare(await ask(`Bearer ${TOKEN}`))).toEqual(await bare(missing))
})

test('calls and runs are counted by class as in the ledger, without personal data', async () => {
  const ann = await signedIn()
  await using server = await mcpServer([
    { name: 'fine', run: () => 'yes' },
    {
      name: 'broken',
      run: () => {
        throw new Error('no')
      },
    },
  ])
  withSettings({ MCP_SERVER_URL: server.url })
  const name = new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_')
  const thread = threadOf(await agentDoor(ann).begin('/fine'))
  await agentDoor(ann).say(thread, '/broken')
  const text = await scrape()
  const calls = (status: string, failure: string) =>
    numberAt(text, `switchboard_tool_calls_total{server="${name}",status="${status}",failure_class="${failure}"}`)
  expect([calls('succeeded', 'none'), calls('failed', 'tool_error')]).toEqual([1, 1])
  expect(numberAt(text, `switchboard_tool_call_duration_seconds_count{server="${name}"}`)).toBe(2)
  expect(numberAt(text, 'switchboard_runs_total{status="done",failure_class="none"}')).toBe(2)
  expect(text).toMatch(/^process_resident_memory_bytes \d/m)
  for (const secret of [ann.caller.userId, thread, ann.person.email]) expect(text).not.toContain(secret)
})

test('requests to models and their tokens are counted, without personal data, and cost as dollars', async () => {
  const ann = await signedIn()
  await using model = await openAIServer({ text: 'Hello.', usage: { input: 120, output: 12 } })
  withSettings({
    OPENAI_BASE_URL: model.url,
    OPENAI_MODEL: 'counted',
    OPENAI_API: 'responses',
    THREAD_TITLES: 'first_words',
  })
  await agentDoor(ann).begin('hello')
  const asked = { provider: 'p', model: 'dear', purpose: 'title', milliseconds: 1_200 }
  const used = { input: 1, cached: 0, output: 1, reasoning: 0 }
  countModelRequest({ ...asked, outcome: 'done', used, costMicros: 2_500_000n })
  const text = await scrape()
  const labels = `provider="${new URL(model.url).host}",model="counted",purpose="answer"`
  expect(numberAt(text, `switchboard_model_requests_total{${labels},outcome="done"}`)).toBe(1)
  expect(numberAt(text, `switchboard_model_tokens_total{${labels},kind="input"}`)).toBe(120)
  expect(numberAt(text, `switchboard_model_tokens_total{${labels},kind="output"}`)).toBe(12)
  expect(numberAt(text, 'switchboard_model_cost_dollars_total{provider="p",model="dear",purpose="title"}')).toBe(2.5)
  expect(text).not.toContain(ann.caller.userId)
  for (let at = 0; at < 150; at += 1)
    countModelRequest({ ...asked, model: `model ${at}`, outcome: 'done', used, costMicros: null })
  const full = await scrape()
  expect(full).not.toContain('model="model 149"')
  expect(
    numberAt(full, 'switchboard_model_requests_total{provider="other",model="other",purpose="title",outcome="done"}'),
  ).toBeGreaterThan(40)
})

test('open streams are counted until they end or are cancelled', async () => {
  const ann = await signedIn()
  const open = async () => numberAt(await scrape(), 'switchboard_open_streams')
  const post = openDoor(ann, say('Hello.'))
  const begin = () => post({ type: 'threads.create', params: { input: typed('hello') } })
  expect(await open()).toBe(0)
  const [read, left] = [await begin(), await begin()]
  expect(await open()).toBe(2)
  await read.text()
  await left.body?.cancel()
  expect(await open()).toBe(0)
})

test('another module graph of the process shares the counters, and servers beyond a limit are counted as "other"', async () => {
  vi.resetModules()
  const again = await import('#lib/platform/metrics/tool-call-metrics.ts')
  expect(again.countToolCall).not.toBe(countToolCall)
  for (let at = 0; at < 150; at += 1)
    again.countToolCall({ server: `server ${at}`, status: 'succeeded', milliseconds: 5 })
  const text = await scrape()
  expect(text).toContain('server="server 5"')
  expect(text).not.toContain('server="server 149"')
  expect(
    numberAt(text, 'switchboard_tool_calls_total{server="other",status="succeeded",failure_class="none"}'),
  ).toBeGreaterThan(40)
})
