import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { processState } from '#lib/platform/process-state.ts'
import { VERSION } from '#lib/platform/version.ts'

/**
 * Server names beyond this number count as `other`, so that an admin who adds and removes many
 * servers does not flood the metrics database.
 */
const SERVERS_MAX = 100
const OTHER = 'other'
/** Models beyond this number count as `other` too. */
const MODELS_MAX = 100
/** Upper bounds (s), from a built-in tool in this process to the hard limit of a call. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

const metrics = processState('metrics', make)

/** Labels never name a person, a thread or an argument, and each has few values. */
function make() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'switchboard_build_info',
    help: 'Always 1. The label names the version that runs.',
    labelNames: ['version'],
    registers,
  }).set({ version: VERSION }, 1)
  return {
    registry,
    servers: new Set<string>(),
    models: new Set<string>(),
    calls: new Counter({
      name: 'switchboard_tool_calls_total',
      help: 'Tool calls that ended, as the ledger has them.',
      labelNames: ['server', 'status', 'failure_class'],
      registers,
    }),
    callSeconds: new Histogram({
      name: 'switchboard_tool_call_duration_seconds',
      help: 'How long tool calls took.',
      labelNames: ['server'],
      buckets: BUCKETS,
      registers,
    }),
    runs: new Counter({
      name: 'switchboard_runs_total',
      help: 'Runs that ended, or that wait for a person.',
      labelNames: ['status', 'failure_class'],
      registers,
    }),
    modelRequests: new Counter({
      name: 'switchboard_model_requests_total',
      help: 'Requests to models that ended.',
      labelNames: ['provider', 'model', 'purpose', 'outcome'],
      registers,
    }),
    modelTokens: new Counter({
      name: 'switchboard_model_tokens_total',
      help: 'Tokens of requests to models. Cached tokens are part of input, reasoning is part of output.',
      labelNames: ['provider', 'model', 'purpose', 'kind'],
      registers,
    }),
    modelCost: new Counter({
      name: 'switchboard_model_cost_dollars_total',
      help: 'What requests to models cost, by the prices of their moment. Models without a price cost nothing here.',
      labelNames: ['provider', 'model', 'purpose'],
      registers,
    }),
    streams: new Gauge({
      name: 'switchboard_open_streams',
      help: 'Streams that are open to clients now: answers, and pages of admins that follow the ledger.',
      registers,
    }),
  }
}

/**
 * How something ended. `failureClass` is one of a fixed set of words, or empty if nothing failed.
 */
type Ended = { status: string; failureClass?: string | null }

/**
 * Counts a tool call whose end is in the ledger. `milliseconds` is null if the duration is unknown.
 */
export function countToolCall({
  server,
  status,
  failureClass,
  milliseconds,
}: Ended & { server: string; milliseconds: number | null }): void {
  const { calls, callSeconds, servers } = metrics()
  const name = isAmong(servers, server, SERVERS_MAX) ? server : OTHER
  calls.inc({ server: name, status, failure_class: failureClass ?? 'none' })
  if (milliseconds !== null) callSeconds.observe({ server: name }, milliseconds / 1000)
}

/** True if `name` is among the first `max` names. Adds it while there is room. */
function isAmong(names: Set<string>, name: string, max: number): boolean {
  if (names.size < max) names.add(name)
  return names.has(name)
}

/** Counts a run of this process that ended, or `count` runs of processes that died. */
export function countRun({ status, failureClass }: Ended, count = 1): void {
  metrics().runs.inc({ status, failure_class: failureClass ?? 'none' }, count)
}

/** A request to a model that ended. `used` is in tokens, `costMicros` in millionths of a dollar. */
type ModelRequestEnd = {
  provider: string
  model: string
  purpose: string
  outcome: string
  used: { input: number; cached: number; output: number; reasoning: number }
  costMicros: bigint | null
}

/** Counts a request to a model and what it used. */
export function countModelRequest({ used, costMicros, outcome, ...asked }: ModelRequestEnd): void {
  const { modelRequests, modelTokens, modelCost, models } = metrics()
  const key = JSON.stringify([asked.provider, asked.model])
  const labels = isAmong(models, key, MODELS_MAX) ? asked : { ...asked, provider: OTHER, model: OTHER }
  modelRequests.inc({ ...labels, outcome })
  for (const kind of ['input', 'cached', 'output', 'reasoning'] as const)
    modelTokens.inc({ ...labels, kind }, used[kind])
  if (costMicros !== null) modelCost.inc(labels, Number(costMicros) / 1_000_000)
}

/** Counts an open stream until the returned function is called. Calling it twice is harmless. */
export function countStream(): () => void {
  const { streams } = metrics()
  let open = true
  streams.inc()
  return () => {
    if (open) streams.dec()
    open = false
  }
}

/** The metrics of this process in the Prometheus text format. */
export async function writeMetrics(): Promise<{ type: string; text: string }> {
  const { registry } = metrics()
  return { type: registry.contentType, text: await registry.metrics() }
}
