import type { Registry } from 'prom-client'
import { databaseMetrics } from './database-metrics.ts'
import { httpMetrics } from './http-metrics.ts'
import { metricsRegistry } from './metric-registry.ts'
import { modelMetrics } from './model-metrics.ts'
import { runMetrics } from './run-metrics.ts'
import { toolCallMetrics } from './tool-call-metrics.ts'

/** The metrics of this process in the Prometheus text format. */
export async function writeMetrics(): Promise<{ type: string; text: string }> {
  const registry = wholeRegistry()
  return { type: registry.contentType, text: await registry.metrics() }
}

/** The same metrics as objects. */
export function readMetrics() {
  return wholeRegistry().getMetricsAsJSON()
}

/** Each metric is there from the start. */
function wholeRegistry(): Registry {
  for (const group of [databaseMetrics, httpMetrics, modelMetrics, runMetrics, toolCallMetrics]) group()
  return metricsRegistry()
}
