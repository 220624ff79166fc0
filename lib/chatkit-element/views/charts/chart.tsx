import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { ChartDrawing } from '#lib/chatkit-element/views/charts/chart-drawing.tsx'
import type { ChartLayout } from '#lib/chatkit-element/views/charts/chart-layout.ts'
import { type ReadChart, readChart } from '#lib/chatkit-element/views/charts/read-chart.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { toBoxStyle } from '#lib/chatkit-element/views/widgets/widget-style.ts'

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
  const chart = readChart(node, width)
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
  const format = (row: number, dataKey: string) => number.format(Number(chart.rows[row]?.[dataKey] ?? 0))
  return (
    <figure class="w-chart" style={toBoxStyle({ ...node, height: undefined })}>
      <div ref={box} class="chart-box" style={{ height: `${chart.height}px` }}>
        {width > 0 && <ChartDrawing {...{ chart, pointed }} onPoint={setPointed} />}
        {pointed !== null && <Tip {...{ chart, pointed, format }} />}
      </div>
      {chart.shows.legend && <Legend chart={chart} />}
      <DataTable {...{ chart, format }} />
    </figure>
  )
}

type Format = (row: number, dataKey: string) => string

function Tip({ chart, pointed, format }: { chart: ReadChart; pointed: number; format: Format }) {
  const { layout, width, names, series, paint } = chart
  return (
    <div class="chart-tip" style={{ left: `${placeTip(layout, pointed, width)}px` }} aria-hidden="true">
      <strong>{names[pointed]}</strong>
      {series.map(({ dataKey, label }, at) => (
        <span key={dataKey}>
          <i style={{ background: paint(at) }} />
          {label ?? dataKey}
          <b>{format(pointed, dataKey)}</b>
        </span>
      ))}
    </div>
  )
}

/**
 * The x position of the tooltip, which stays within the chart: its middle keeps 80 px from both
 * ends.
 */
function placeTip({ bands }: ChartLayout, row: number, width: number): number {
  const { x = 0, width: band = 0 } = bands[row] ?? {}
  return Math.min(Math.max(x + band / 2, 80), Math.max(80, width - 80))
}

function Legend({ chart: { series, paint } }: { chart: ReadChart }) {
  return (
    <figcaption class="chart-legend" aria-hidden="true">
      {series.map(({ dataKey, label }, at) => (
        <span key={dataKey}>
          <i style={{ background: paint(at) }} />
          {label ?? dataKey}
        </span>
      ))}
    </figcaption>
  )
}

/** What the picture shows, for screen readers. */
function DataTable({ chart: { rows, names, series }, format }: { chart: ReadChart; format: Format }) {
  return (
    <table class="sr-only">
      <thead>
        <tr>
          <td />
          {series.map(({ dataKey, label }) => (
            <th key={dataKey} scope="col">
              {label ?? dataKey}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((_row, at) => (
          <tr key={at}>
            <th scope="row">{names[at]}</th>
            {series.map(({ dataKey }) => (
              <td key={dataKey}>{format(at, dataKey)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
