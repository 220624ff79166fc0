import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import {
  type ChartLayout,
  type ChartRow,
  type ChartSeries,
  type Frame,
  layOutChart,
} from '#lib/chatkit-element/views/charts/chart-layout.ts'
import { isNode } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { toColour } from '#lib/chatkit-element/views/widgets/widget-style.ts'

const HEIGHT = 220
/**
 * The most rows that are drawn: more are unreadable at this size, and drawing them blocks the page.
 */
const MAX_ROWS = 500
const COLOURS = ['blue-500', 'green-500', 'orange-500', 'purple-500', 'pink-500', 'red-500', 'gray-500']

/** A chart's node, read and laid out for a width. */
export type ReadChart = {
  rows: ChartRow[]
  /** One a row, for the axis. */
  names: string[]
  series: ChartSeries[]
  width: number
  height: number
  /** Where the bars and lines are, without the axes. */
  frame: Frame
  layout: ChartLayout
  /** The colour of a series, as CSS. */
  paint: (series: number) => string
  shows: { xAxis: boolean; yAxis: boolean; tooltip: boolean; legend: boolean }
}

type Axis = { dataKey: string; hide?: boolean; labels?: Record<string, string> }

export function readChart(node: WidgetNode, width: number): ReadChart {
  const rows = ((Array.isArray(node.data) ? node.data : []) as ChartRow[]).slice(0, MAX_ROWS)
  const series = (Array.isArray(node.series) ? node.series : []).filter(isNode) as unknown as ChartSeries[]
  const axis = (typeof node.xAxis === 'string' ? { dataKey: node.xAxis } : (node.xAxis ?? {})) as Axis
  const height = typeof node.height === 'number' ? node.height : HEIGHT
  const edge = { left: node.showYAxis === true ? 44 : 4, top: 10, bottom: axis.hide ? 8 : 26 }
  const frame = {
    left: edge.left,
    top: edge.top,
    width: Math.max(10, width - edge.left - 4),
    height: height - edge.top - edge.bottom,
  }
  const gap = { bar: toLength(node.barGap, 4), category: toLength(node.barCategoryGap, 10) }
  return {
    rows,
    names: rows.map((row) => axis.labels?.[String(row[axis.dataKey])] ?? String(row[axis.dataKey] ?? '')),
    series,
    width,
    height,
    frame,
    layout: layOutChart(rows, series, frame, gap),
    paint: (at) => toColour(series[at]?.color) ?? toColour(COLOURS[at % COLOURS.length]) ?? 'var(--link)',
    shows: {
      xAxis: !axis.hide,
      yAxis: node.showYAxis === true,
      tooltip: node.showTooltip !== false,
      legend: node.showLegend === true || (node.showLegend !== false && series.length > 1),
    },
  }
}

function toLength(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? Math.max(0, value) : otherwise
}
