import { databaseMetrics } from './database-metrics.ts'
import { httpMetrics } from './http-metrics.ts'
import { metricsRegistry } from './metric-registry.ts'
import { modelMetrics } from './model-metrics.ts'
import { runMetrics } from './run-metrics.ts'
import { toolCallMetrics } from './tool-call-metrics.ts'

/** The metrics of this process in the Prometheus text format. Each is there from the start. */
export async function writeMetrics(): Promise<{ type: string; text: string }> {
  for (const group of [databaseMetrics, httpMetrics, modelMetrics, runMetrics, toolCallMetrics]) group()
  const registry = metricsRegistry()
  return { type: registry.contentType, text: await registry.metrics() }
}
