import { Counter, Gauge, Histogram } from 'prom-client'
import { metricGroup } from './metric-registry.ts'

/** Upper bounds (s) of the wait for the first word. */
const BUCKETS = [0.25, 0.5, 1, 2, 4, 8, 16, 30, 60, 120]

export const runMetrics = metricGroup('runs', (registers) => ({
  ended: new Counter({
    name: 'switchboard_runs_total',
    help: 'Runs that ended, or that wait for a person.',
    labelNames: ['status', 'failure_class'],
    registers,
  }),
  firstWord: new Histogram({
    name: 'switchboard_first_word_seconds',
    help: 'From the start of a run to the first word of its answer.',
    buckets: BUCKETS,
    registers,
  }),
  live: new Gauge({
    name: 'switchboard_live_runs',
    help: 'Runs that this process works on now.',
    registers,
  }),
}))

/**
 * Counts a run of this process that ended, or `count` runs of processes that died. `failureClass` is
 * one of a fixed set of words, or empty if nothing failed.
 */
export function countRun({ status, failureClass }: { status: string; failureClass?: string | null }, count = 1): void {
  runMetrics().ended.inc({ status, failure_class: failureClass ?? 'none' }, count)
}

/** Counts how long a person waited for the first word. */
export function countFirstWord(milliseconds: number): void {
  runMetrics().firstWord.observe(milliseconds / 1000)
}

/** Shows how many runs are live, and each failure from zero on. */
export function showRuns(live: number, failureClasses: readonly string[]): void {
  const metrics = runMetrics()
  metrics.live.set(live)
  for (const status of ['done', 'stopped', 'interrupted', 'waiting'])
    metrics.ended.inc({ status, failure_class: 'none' }, 0)
  for (const failure_class of failureClasses) metrics.ended.inc({ status: 'failed', failure_class }, 0)
  metrics.ended.inc({ status: 'interrupted', failure_class: 'replica_died' }, 0)
}
