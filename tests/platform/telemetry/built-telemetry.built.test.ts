import { expect, onTestFinished, test } from 'vitest'
import { startApp } from '#tests/support/processes/app-server.ts'
import { openCollector } from '#tests/support/processes/collector.ts'

test('the built app sends its requests in the caller’s trace, and what is left when it ends', {
  timeout: 600_000,
}, async () => {
  const got = await openCollector()
  const app = await startApp({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: got.url } })
  onTestFinished(() => app.stop())
  const traceId = 'ab'.repeat(16)
  const headers = { traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` }
  expect((await fetch(`${app.url}/api/health/ready`, { headers })).status).toBe(200)
  app.kill('SIGTERM')
  expect(await app.ended).toBe(0)
  const spans = got.spans().filter((span) => span.traceId === traceId)
  expect(spans.map(({ name }) => name)).toContain('GET /api/health/ready')
  expect(got.lines().map(({ body }) => body?.stringValue)).toContain('stopped')
  expect(got.metrics().map(({ name }) => name)).toContain('switchboard_build_info')
})
