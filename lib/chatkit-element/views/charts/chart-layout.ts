/** One row of a chart's data. */
export type ChartRow = Record<string, string | number>
export type ChartSeries = {
  type: 'bar' | 'area' | 'line'
  dataKey: string
  label?: string
  stack?: string
  color?: unknown
  curveType?: string
}

export type Bar = { series: number; row: number; x: number; y: number; width: number; height: number }
export type Line = { series: number; path: string; area: string | null; points: { x: number; y: number }[] }
export type ChartLayout = {
  ticks: { value: number; y: number }[]
  bands: { x: number; width: number }[]
  bars: Bar[]
  lines: Line[]
}

export type Frame = { left: number; top: number; width: number; height: number }

/**
 * The pixel positions of everything in a chart within `frame`. Values that are not numbers count as
 * zero. Pure.
 */
export function layOutChart(
  rows: readonly ChartRow[],
  series: readonly ChartSeries[],
  frame: Frame,
  gap: { bar: number; category: number },
): ChartLayout {
  const stacked = stackValues(rows, series)
  const all = stacked.flat().flat()
  const { low, high, step } = niceScale(Math.min(0, ...all), Math.max(0, ...all))
  const y = (value: number) => frame.top + frame.height * (1 - (value - low) / (high - low))
  const band = frame.width / Math.max(1, rows.length)
  const middle = (row: number) => frame.left + band * (row + 0.5)
  const columns = [...new Set(series.flatMap((one, at) => (one.type === 'bar' ? columnOf(one, at) : [])))]
  const room = Math.max(2, band - Math.min(band * 0.4, Math.max(gap.category, band * 0.2)))
  const barWidth = Math.min(64, Math.max(1, (room - gap.bar * (columns.length - 1)) / Math.max(1, columns.length)))
  const group = barWidth * columns.length + gap.bar * (columns.length - 1)
  const bars = series.flatMap((one, at) =>
    one.type !== 'bar'
      ? []
      : rows.map((_, row) => {
          const [from, to] = stacked[at]?.[row] ?? [0, 0]
          const x = middle(row) - group / 2 + columns.indexOf(columnOf(one, at)) * (barWidth + gap.bar)
          return { series: at, row, x, y: Math.min(y(from), y(to)), width: barWidth, height: Math.abs(y(from) - y(to)) }
        }),
  )
  const lines = series.flatMap((one, at) => {
    if (one.type === 'bar') return []
    const tops = rows.map((_, row) => ({ x: middle(row), y: y(stacked[at]?.[row]?.[1] ?? 0) }))
    const bottoms = rows.map((_, row) => ({ x: middle(row), y: y(stacked[at]?.[row]?.[0] ?? 0) }))
    const path = `M${curve(tops, one.curveType)}`
    const area = one.type === 'area' ? `${path}L${curve(bottoms.toReversed(), one.curveType)}Z` : null
    return [{ series: at, path, area, points: tops }]
  })
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, at) => ({
    value: low + at * step,
    y: y(low + at * step),
  }))
  return { ticks, bands: rows.map((_, row) => ({ x: frame.left + band * row, width: band })), bars, lines }
}

/**
 * The range of each value. Values of one stack are placed on top of each other, positive and
 * negative ones separately.
 */
function stackValues(rows: readonly ChartRow[], series: readonly ChartSeries[]): [number, number][][] {
  return series.map((one, at) =>
    rows.map((row) => {
      const value = numberOf(row[one.dataKey])
      const below =
        one.stack === undefined
          ? []
          : series.slice(0, at).filter((other) => other.stack === one.stack && other.type === one.type)
      const base = below.map((other) => numberOf(row[other.dataKey])).filter((other) => other < 0 === value < 0)
      const from = base.reduce((sum, other) => sum + other, 0)
      return [from, from + value]
    }),
  )
}

function columnOf(series: ChartSeries, at: number): string {
  return series.stack === undefined ? `#${at}` : `stack ${series.stack}`
}

function numberOf(value: unknown): number {
  const number = Number(value)
  return Number.isFinite(number) ? number : 0
}

/**
 * A scale with about four steps of 1, 2 or 5 times a power of ten, from at most `least` to at least
 * `greatest`.
 */
function niceScale(least: number, greatest: number): { low: number; high: number; step: number } {
  const range = greatest - least || 1
  const rough = range / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power
  return { low: Math.floor(least / step) * step, high: Math.ceil((greatest || (least ? 0 : 1)) / step) * step, step }
}

type Point = { x: number; y: number }

/** An SVG path through all points: straight, in steps, or smooth without overshooting. */
function curve(points: readonly Point[], type = 'monotone'): string {
  const at = ({ x, y }: Point) => `${round(x)},${round(y)}`
  const [first] = points
  if (!first) return '0,0'
  if (type.startsWith('linear')) return points.map(at).join('L')
  if (type.startsWith('step')) {
    const share = type === 'stepBefore' ? 0 : type === 'stepAfter' ? 1 : 0.5
    return points.slice(1).reduce((path, point, before) => {
      const last = points[before] ?? point
      return `${path}H${round(last.x + (point.x - last.x) * share)}V${round(point.y)}H${round(point.x)}`
    }, at(first))
  }
  const slopes = monotoneSlopes(points)
  return points.slice(1).reduce((path, point, before) => {
    const last = points[before] ?? point
    const third = (point.x - last.x) / 3
    const c1 = { x: last.x + third, y: last.y + third * (slopes[before] ?? 0) }
    const c2 = { x: point.x - third, y: point.y - third * (slopes[before + 1] ?? 0) }
    return `${path}C${at(c1)} ${at(c2)} ${at(point)}`
  }, at(first))
}

/** The slopes at the points, zero at every turning point (Fritsch and Carlson). */
function monotoneSlopes(points: readonly Point[]): number[] {
  const secants = points.slice(1).map((point, at) => {
    const last = points[at] ?? point
    return (point.y - last.y) / (point.x - last.x || 1)
  })
  return points.map((_, at) => {
    const [before, after] = [secants[at - 1], secants[at]]
    if (before === undefined || after === undefined) return before ?? after ?? 0
    return before * after <= 0 ? 0 : (2 * before * after) / (before + after)
  })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
