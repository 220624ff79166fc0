import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import {
  type ChartLayout,
  type ChartRow,
  type ChartSeries,
  layOutChart,
} from '#lib/chatkit-element/views/charts/chart-layout.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { isNode } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { toBoxStyle, toColour } from '#lib/chatkit-element/views/widgets/widget-style.ts'

const HEIGHT = 220
/**
 * The most rows that are drawn: more are unreadable at this size, and drawing them blocks the page.
 */
const MAX_ROWS = 500
const COLOURS = ['blue-500', 'green-500', 'orange-500', 'purple-500', 'pink-500', 'red-500', 'gray-500']

/** Bars, lines and areas over one axis, with a table of the same data for screen readers. */
export function Chart({ node }: { node: WidgetNode }) {
  const { locale } = useUi()
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [pointed, setPointed] = useState<number | null>(null)
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    setWidth(element.clientWidth)
    return () => observer.disconnect()
  }, [])
  const rows = ((Array.isArray(node.data) ? node.data : []) as ChartRow[]).slice(0, MAX_ROWS)
  const series = (Array.isArray(node.series) ? node.series : []).filter(isNode) as unknown as ChartSeries[]
  const axis = (typeof node.xAxis === 'string' ? { dataKey: node.xAxis } : (node.xAxis ?? {})) as Axis
  const names = rows.map((row) => axis.labels?.[String(row[axis.dataKey])] ?? String(row[axis.dataKey] ?? ''))
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
  const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
  const height = typeof node.height === 'number' ? node.height : HEIGHT
  const frame = { left: node.showYAxis === true ? 44 : 4, top: 10, bottom: axis.hide ? 8 : 26 }
  const inner = {
    left: frame.left,
    top: frame.top,
    width: Math.max(10, width - frame.left - 4),
    height: height - frame.top - frame.bottom,
  }
  const gap = { bar: numeric(node.barGap, 4), category: numeric(node.barCategoryGap, 10) }
  const layout = layOutChart(rows, series, inner, gap)
  const paint = (at: number) => toColour(series[at]?.color) ?? toColour(COLOURS[at % COLOURS.length]) ?? 'var(--link)'
  const showsTooltip = node.showTooltip !== false
  return (
    <figure class="w-chart" style={toBoxStyle({ ...node, height: undefined })}>
      <div ref={box} class="chart-box" style={{ height: `${height}px` }}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            aria-hidden="true"
            onPointerMove={({ offsetX }) => setPointed(showsTooltip ? rowAt(layout, offsetX) : null)}
            onPointerLeave={() => setPointed(null)}
          >
            {node.showYAxis === true &&
              layout.ticks.map(({ value, y }) => (
                <g key={value}>
                  <line class="chart-grid" x1={inner.left} x2={inner.left + inner.width} y1={y} y2={y} />
                  <text class="chart-text" x={inner.left - 8} y={y + 4} text-anchor="end">
                    {short.format(value)}
                  </text>
                </g>
              ))}
            {pointed !== null && (
              <rect
                class="chart-band"
                x={layout.bands[pointed]?.x}
                y={inner.top}
                width={layout.bands[pointed]?.width}
                height={inner.height}
                rx={4}
              />
            )}
            {layout.bars.map(({ series: at, row, ...place }) => (
              <rect key={`${at}-${row}`} {...place} rx={Math.min(2, place.width / 4)} style={{ fill: paint(at) }} />
            ))}
            {layout.lines.map(({ series: at, path, area, points }) => (
              <g key={at} style={{ color: paint(at) }}>
                {area && <path d={area} class="chart-area" />}
                <path d={path} class="chart-line" />
                {(pointed !== null || rows.length === 1) && (
                  <circle class="chart-dot" cx={points[pointed ?? 0]?.x} cy={points[pointed ?? 0]?.y} r={4} />
                )}
              </g>
            ))}
            {!axis.hide &&
              everyNth(names, inner.width).map(({ name, row }) => (
                <text
                  key={row}
                  class="chart-text"
                  x={(layout.bands[row]?.x ?? 0) + (layout.bands[row]?.width ?? 0) / 2}
                  y={height - 6}
                  text-anchor="middle"
                >
                  {name.length > 14 ? `${name.slice(0, 13)}…` : name}
                </text>
              ))}
          </svg>
        )}
        {pointed !== null && (
          <div class="chart-tip" style={{ left: `${tipPlace(layout, pointed, width)}px` }} aria-hidden="true">
            <strong>{names[pointed]}</strong>
            {series.map((one, at) => (
              <span key={one.dataKey}>
                <i style={{ background: paint(at) }} />
                {one.label ?? one.dataKey}
                <b>{number.format(Number(rows[pointed]?.[one.dataKey] ?? 0))}</b>
              </span>
            ))}
          </div>
        )}
      </div>
      {(node.showLegend === true || (node.showLegend !== false && series.length > 1)) && (
        <figcaption class="chart-legend" aria-hidden="true">
          {series.map((one, at) => (
            <span key={one.dataKey}>
              <i style={{ background: paint(at) }} />
              {one.label ?? one.dataKey}
            </span>
          ))}
        </figcaption>
      )}
      <table class="sr-only">
        <thead>
          <tr>
            <td />
            {series.map((one) => (
              <th key={one.dataKey} scope="col">
                {one.label ?? one.dataKey}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              <th scope="row">{names[at]}</th>
              {series.map((one) => (
                <td key={one.dataKey}>{number.format(Number(row[one.dataKey] ?? 0))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

type Axis = { dataKey: string; hide?: boolean; labels?: Record<string, string> }

function numeric(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? Math.max(0, value) : otherwise
}

function rowAt({ bands }: ChartLayout, x: number): number | null {
  const row = bands.findIndex((band) => x >= band.x && x < band.x + band.width)
  return row < 0 ? null : row
}

/**
 * The x position of the tooltip, which stays within the chart: its middle keeps 80 px from both
 * ends.
 */
function tipPlace({ bands }: ChartLayout, row: number, width: number): number {
  const { x = 0, width: band = 0 } = bands[row] ?? {}
  return Math.min(Math.max(x + band / 2, 80), Math.max(80, width - 80))
}

/** As many names as fit side by side. */
function everyNth(names: readonly string[], width: number): { name: string; row: number }[] {
  const longest = Math.min(14, Math.max(1, ...names.map(({ length }) => length)))
  const fitting = Math.max(1, Math.floor(width / (longest * 7 + 12)))
  const step = Math.ceil(names.length / fitting)
  return names.flatMap((name, row) => (row % step ? [] : { name, row }))
}
