import { Counter, Gauge, Histogram } from 'prom-client'
import { isAmong, metricGroup, OTHER } from './metric-registry.ts'

/**
 * Server names beyond this number count as `other`, so that an admin who adds and removes many
 * servers does not flood the metrics database.
 */
const SERVERS_MAX = 100
/** Upper bounds (s), from a built-in tool in this process to the hard limit of a call. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

export const toolCallMetrics = metricGroup('tool calls', (registers) => ({
  servers: new Set<string>(),
  calls: new Counter({
    name: 'switchboard_tool_calls_total',
    help: 'Tool calls that ended, as the ledger has them.',
    labelNames: ['server', 'status', 'failure_class'],
    registers,
  }),
  seconds: new Histogram({
    name: 'switchboard_tool_call_duration_seconds',
    help: 'How long tool calls took.',
    labelNames: ['server'],
    buckets: BUCKETS,
    registers,
  }),
  up: new Gauge({
    name: 'switchboard_tool_server_up',
    help: '0 while this process sends a server nothing because it did not answer, else 1.',
    labelNames: ['server'],
    registers,
  }),
}))

/**
 * Counts a tool call whose end is in the ledger. `failureClass` is one of a fixed set of words, or
 * empty if nothing failed. `milliseconds` is null if the duration is unknown.
 */
export function countToolCall({
  server,
  status,
  failureClass,
  milliseconds,
}: {
  server: string
  status: string
  failureClass?: string | null
  milliseconds: number | null
}): void {
  const { calls, seconds } = toolCallMetrics()
  const name = toLabel(server)
  calls.inc({ server: name, status, failure_class: failureClass ?? 'none' })
  if (milliseconds !== null) seconds.observe({ server: name }, milliseconds / 1000)
}

/** Shows the servers that there are now, each of their failures from zero on, and whether they are up. */
export function showServers(servers: { name: string; isUp: boolean }[], failureClasses: readonly string[]): void {
  const { calls, up } = toolCallMetrics()
  up.reset()
  for (const { name, isUp } of servers) {
    const server = toLabel(name)
    up.set({ server }, Number(isUp))
    calls.inc({ server, status: 'succeeded', failure_class: 'none' }, 0)
    for (const failure_class of failureClasses) calls.inc({ server, status: 'failed', failure_class }, 0)
  }
}

function toLabel(server: string): string {
  return isAmong(toolCallMetrics().servers, server, SERVERS_MAX) ? server : OTHER
}
