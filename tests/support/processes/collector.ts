import { createServer } from 'node:http'
import { onTestFinished } from 'vitest'

type Attribute = { key: string; value: { stringValue?: string; intValue?: number; arrayValue?: unknown } }
type Span = {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  attributes: Attribute[]
  status: { code?: number }
}
type Line = { body?: { stringValue: string }; traceId?: string; severityText: string }
type Point = {
  attributes: Attribute[]
  asDouble?: number
  asInt?: number
  count?: number
  bucketCounts?: number[]
  explicitBounds?: number[]
}
type Metric = {
  name: string
  sum?: { dataPoints: Point[] }
  gauge?: { dataPoints: Point[] }
  histogram?: { dataPoints: Point[] }
}

/** A collector that keeps what it was sent. */
export async function openCollector() {
  const bodies: Record<string, unknown[]> = {}
  const headers: (string | undefined)[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    headers.push(request.headers['x-team'] as string)
    bodies[request.url ?? ''] ??= []
    bodies[request.url ?? '']?.push(JSON.parse(text))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  /** All lists that are found under the name, however deep. */
  const all = (name: string, value: unknown): unknown[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([key, part]) => (key === name ? (part as unknown[]) : all(name, part)))
  return {
    url: `http://127.0.0.1:${port}/`,
    headers,
    text: () => JSON.stringify(bodies),
    spans: () => all('spans', bodies['/v1/traces']) as Span[],
    lines: () => all('logRecords', bodies['/v1/logs']) as Line[],
    metrics: () => all('metrics', bodies['/v1/metrics']) as Metric[],
  }
}
