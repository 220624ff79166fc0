import type { HrTime } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import { AggregationTemporality, DataPointType, type MetricData, type MetricProducer } from '@opentelemetry/sdk-metrics'
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import { VERSION } from '#lib/platform/version.ts'

/** A metric of prom-client with its values. */
export type MetricObject = MetricObjectWithValues<MetricValue<string> & { metricName?: string }>
type Value = MetricObject['values'][number]

const BEGAN = toHrTime(performance.timeOrigin)

/** Gives the metrics that Prometheus would scrape to an exporter, under the same names. */
export function makeMetricProducer(read: () => Promise<MetricObject[]>): MetricProducer {
  return {
    collect: async () => {
      const metrics = (await read()).map(toMetric).filter((metric) => metric !== undefined)
      const scope = { name: 'switchboard', version: VERSION }
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope, metrics }] }, errors: [] }
    },
  }
}

function toMetric(metric: MetricObject): MetricData | undefined {
  const { name, help, values } = metric
  // prom-client's types name its kinds as an enum of numbers, its objects as words.
  const type = String(metric.type)
  const about = {
    descriptor: { name, description: help, unit: '', valueType: 1 },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  if (type === 'histogram')
    return { ...about, dataPointType: DataPointType.HISTOGRAM, dataPoints: toHistograms(values) }
  if (type === 'counter')
    return { ...about, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: values.map(toPoint) }
  if (type === 'gauge') return { ...about, dataPointType: DataPointType.GAUGE, dataPoints: values.map(toPoint) }
  return undefined
}

function toPoint({ labels, value }: Value) {
  return { ...span(), attributes: labels as Record<string, string>, value }
}

/** Prometheus counts up to each bound, OpenTelemetry between two. */
function toHistograms(values: Value[]) {
  const groups = Map.groupBy(values, ({ labels: { le: _, ...labels } }) => JSON.stringify(labels))
  return [...groups].map(([key, group]) => {
    const ending = (end: string) => group.filter(({ metricName }) => metricName?.endsWith(end))
    const upTo = ending('_bucket')
    const counts = upTo.map(({ value }, index) => value - (upTo[index - 1]?.value ?? 0))
    const boundaries = upTo.map(({ labels }) => Number(labels.le)).filter(Number.isFinite)
    const value = {
      buckets: { boundaries, counts },
      count: ending('_count')[0]?.value ?? 0,
      sum: ending('_sum')[0]?.value ?? 0,
    }
    return { ...span(), attributes: JSON.parse(key) as Record<string, string>, value }
  })
}

function span() {
  return { startTime: BEGAN, endTime: toHrTime(Date.now()) }
}

function toHrTime(milliseconds: number): HrTime {
  return [Math.trunc(milliseconds / 1000), Math.round((milliseconds % 1000) * 1e6)]
}
