import { expect, onTestFinished, test, vi } from 'vitest'
import { GET as askHealth } from '#app/api/health/live/route.ts'
import { showState } from '#app/api/metrics/show-state.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { log } from '#lib/platform/log.ts'
import { readMetrics } from '#lib/platform/metrics/write-metrics.ts'
import { startTelemetry } from '#lib/platform/telemetry/start-telemetry.ts'
import { endTelemetry } from '#lib/platform/telemetry/telemetry-state.ts'
import { toRunSpan, traceparent } from '#lib/platform/telemetry/trace-context.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { openCollector } from '#tests/support/processes/collector.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

function begin(url: string): void {
  withSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue%20sky' })
  startTelemetry(() => showState().then(readMetrics))
  log.level = 'info'
  onTestFinished(async () => {
    log.level = 'silent'
    await endTelemetry()
  })
}

test('a run’s model requests, calls and transactions are one trace, with no word of what was said', async () => {
  const ann = await signedIn()
  const got = await openCollector()
  await using tools = await mcpServer([
    { name: 'dig', run: () => 'hidden gold' },
    {
      name: 'drill',
      run: () => {
        throw new Error('hidden stone')
      },
    },
  ])
  await using model = await openAIServer(
    {
      calls: [
        { name: 'dig', arguments: { place: 'hidden garden' } },
        { name: 'drill', arguments: {} },
      ],
    },
    { text: 'A hidden answer.' },
  )
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'hidden key', MCP_BUILTIN: 'off', MCP_SERVER_URL: tools.url },
    ...{ THREAD_TITLES: 'first_words' },
  })
  begin(got.url)
  await agentDoor(ann).begin('a hidden question')
  const runs = await withCaller(ann.caller, (tx) => tx.run.findMany({ select: { id: true } }))
  await endTelemetry()

  const own = toRunSpan(runs[0]?.id ?? '')
  const spans = got.spans().filter(({ traceId }) => traceId === own.traceId)
  const named = (name: string) => spans.filter((span) => span.name === name)
  expect(named('run')).toMatchObject([{ spanId: own.spanId, status: {} }])
  expect(named('run')[0]?.parentSpanId).toBeUndefined()
  expect(spans.filter(({ name }) => name.startsWith('chat '))).toHaveLength(2)
  expect(named('tools/call dig')).toMatchObject([{ parentSpanId: own.spanId, status: { code: 0 } }])
  expect(named('tools/call drill')).toMatchObject([{ parentSpanId: own.spanId, status: { code: 2 } }])
  expect(named('transaction').length).toBeGreaterThan(1)
  for (const span of spans.filter(({ name }) => name !== 'run')) expect(span.parentSpanId).toBe(own.spanId)
  expect(got.text()).not.toContain('hidden')

  expect(got.lines().map(({ body }) => body?.stringValue)).toContain('run ended')
  expect(new Set(got.headers)).toEqual(new Set(['blue sky']))
  expect(got.text()).toContain('{"key":"service.name","value":{"stringValue":"switchboard"}}')
})

test('a tool call of an outside client belongs to the trace that the client names', async () => {
  const ann = await signedIn()
  const got = await openCollector()
  const server = await serve(handleMcp)
  onTestFinished(() => server.close())
  const { send } = mcpCaller(`${server.url}/mcp`, await personalToken(ann.caller))
  begin(got.url)
  const theirs = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
  for (const trace of [traceparent(theirs), 'no trace'])
    await send('tools/call', { name: 'whoami', arguments: {}, _meta: { traceparent: trace } })
  await endTelemetry()
  const spans = got.spans().filter(({ name }) => name === 'tools/call whoami')
  expect(spans).toMatchObject([{ traceId: theirs.traceId, parentSpanId: theirs.spanId }, {}])
  expect(spans[1]?.traceId).not.toBe(theirs.traceId)
})

test('the metrics that Prometheus reads are sent as well, those from zero included', async () => {
  const got = await openCollector()
  begin(got.url)
  await askHealth(new Request('http://127.0.0.1:3999/api/health/live'))
  await endTelemetry()
  const metric = (name: string) => got.metrics().find((one) => one.name === name)
  expect(metric('switchboard_build_info')?.gauge?.dataPoints).toHaveLength(1)
  expect(metric('switchboard_sign_ins_refused_total')?.sum?.dataPoints.length).toBeGreaterThan(0)
  const [answered] = metric('switchboard_http_request_duration_seconds')?.histogram?.dataPoints ?? []
  const { bucketCounts = [], explicitBounds = [], count } = answered ?? {}
  expect(bucketCounts).toHaveLength(explicitBounds.length + 1)
  expect(bucketCounts.reduce((sum, one) => sum + Number(one), 0)).toBe(Number(count))
})

test('work goes on if the endpoint does not answer, and the log says so once', async () => {
  const ann = await signedIn()
  const warn = vi.spyOn(log, 'warn')
  onTestFinished(() => warn.mockRestore())
  begin('http://127.0.0.1:9')
  expect((await agentDoor(ann).begin('hello')).events.length).toBeGreaterThan(1)
  await endTelemetry()
  expect(warn.mock.calls.filter(([, said]) => said === 'telemetry could not be sent')).toHaveLength(1)
})

test('ACCESS_LOG=on writes each request by its route, without its address', async () => {
  const info = vi.spyOn(log, 'info')
  onTestFinished(() => info.mockRestore())
  const requests = () => info.mock.calls.filter(([, said]) => said === 'request').map(([told]) => told)
  const ask = () => askHealth(new Request('http://127.0.0.1:3999/api/health/live?token=secret'))
  await ask()
  expect(requests()).toEqual([])
  withSettings({ ACCESS_LOG: 'on' })
  const id = (await ask()).headers.get('x-request-id')
  const duration_ms = expect.any(Number)
  expect(requests()).toEqual([{ route: '/api/health/live', method: 'GET', status: 200, duration_ms, request_id: id }])
})
