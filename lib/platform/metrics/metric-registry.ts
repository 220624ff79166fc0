import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { processState } from '#lib/platform/process-state.ts'
import { VERSION } from '#lib/platform/version.ts'

/** What is beyond a limit of names counts under this one. */
export const OTHER = 'other'

/** The registry of this process, with the metrics of Node itself. */
export const metricsRegistry = processState('metrics', () => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'switchboard_build_info',
    help: 'Always 1. The label names the version that runs.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: VERSION }, 1)
  return registry
})

/**
 * Metrics that belong together, made once for each process. Labels never name a person, a thread or
 * an argument, and each has few values.
 */
export function metricGroup<Group extends object>(name: string, make: (registers: [Registry]) => Group): () => Group {
  return processState(`metrics: ${name}`, () => make([metricsRegistry()]))
}

/** True if `name` is among the first `max` names. Adds it while there is room. */
export function isAmong(names: Set<string>, name: string, max: number): boolean {
  if (names.size < max) names.add(name)
  return names.has(name)
}
