import { Counter, Histogram } from 'prom-client'
import { isAmong, metricGroup, OTHER } from './metric-registry.ts'

/** Models beyond this number count as `other`. */
const MODELS_MAX = 100
/** Upper bounds (s), from a title to a long answer. */
const BUCKETS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

export const modelMetrics = metricGroup('models', (registers) => ({
  models: new Set<string>(),
  requests: new Counter({
    name: 'switchboard_model_requests_total',
    help: 'Requests to models that ended.',
    labelNames: ['provider', 'model', 'purpose', 'outcome'],
    registers,
  }),
  seconds: new Histogram({
    name: 'switchboard_model_request_duration_seconds',
    help: 'How long requests to models took, to the last word.',
    labelNames: ['provider', 'model'],
    buckets: BUCKETS,
    registers,
  }),
  tokens: new Counter({
    name: 'switchboard_model_tokens_total',
    help: 'Tokens of requests to models. Cached tokens are part of input, reasoning is part of output.',
    labelNames: ['provider', 'model', 'purpose', 'kind'],
    registers,
  }),
  cost: new Counter({
    name: 'switchboard_model_cost_dollars_total',
    help: 'What requests to models cost, by the prices of their moment. Models without a price cost nothing here.',
    labelNames: ['provider', 'model', 'purpose'],
    registers,
  }),
}))

/** A request to a model that ended. `used` is in tokens, `costMicros` in millionths of a dollar. */
type ModelRequestEnd = {
  provider: string
  model: string
  purpose: string
  outcome: string
  used: { input: number; cached: number; output: number; reasoning: number }
  costMicros: bigint | null
  milliseconds: number
}

/** Counts a request to a model and what it used. */
export function countModelRequest({ used, costMicros, outcome, milliseconds, ...asked }: ModelRequestEnd): void {
  const { requests, seconds, tokens, cost, models } = modelMetrics()
  const key = JSON.stringify([asked.provider, asked.model])
  const labels = isAmong(models, key, MODELS_MAX) ? asked : { ...asked, provider: OTHER, model: OTHER }
  const { purpose: _, ...model } = labels
  // A request that fails for the first time is seen only if its number was there before.
  for (const other of ['done', 'failed']) requests.inc({ ...labels, outcome: other }, 0)
  requests.inc({ ...labels, outcome })
  seconds.observe(model, milliseconds / 1000)
  for (const kind of ['input', 'cached', 'output', 'reasoning'] as const) tokens.inc({ ...labels, kind }, used[kind])
  if (costMicros !== null) cost.inc(labels, Number(costMicros) / 1_000_000)
}
