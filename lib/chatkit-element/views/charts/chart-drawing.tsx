import type { ChartLayout } from '#lib/chatkit-element/views/charts/chart-layout.ts'
import type { ReadChart } from '#lib/chatkit-element/views/charts/read-chart.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The picture. `pointed` is the row under the pointer; null is none. */
export function ChartDrawing({
  chart,
  pointed,
  onPoint,
}: {
  chart: ReadChart
  pointed: number | null
  onPoint: (row: number | null) => void
}) {
  const { width, height, frame, layout, rows, paint, shows } = chart
  return (
    <svg
      width={width}
      height={height}
      aria-hidden="true"
      onPointerMove={({ offsetX }) => onPoint(shows.tooltip ? findRowAt(layout, offsetX) : null)}
      onPointerLeave={() => onPoint(null)}
    >
      {shows.yAxis && <Grid chart={chart} />}
      {pointed !== null && (
        <rect
          class="chart-band"
          x={layout.bands[pointed]?.x}
          y={frame.top}
          width={layout.bands[pointed]?.width}
          height={frame.height}
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
      {shows.xAxis && <Names chart={chart} />}
    </svg>
  )
}

function Grid({ chart: { frame, layout } }: { chart: ReadChart }) {
  const { locale } = useUi()
  const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
  return layout.ticks.map(({ value, y }) => (
    <g key={value}>
      <line class="chart-grid" x1={frame.left} x2={frame.left + frame.width} y1={y} y2={y} />
      <text class="chart-text" x={frame.left - 8} y={y + 4} text-anchor="end">
        {short.format(value)}
      </text>
    </g>
  ))
}

function Names({ chart: { names, frame, layout, height } }: { chart: ReadChart }) {
  return listFittingNames(names, frame.width).map(({ name, row }) => (
    <text
      key={row}
      class="chart-text"
      x={(layout.bands[row]?.x ?? 0) + (layout.bands[row]?.width ?? 0) / 2}
      y={height - 6}
      text-anchor="middle"
    >
      {name.length > 14 ? `${name.slice(0, 13)}…` : name}
    </text>
  ))
}

function findRowAt({ bands }: ChartLayout, x: number): number | null {
  const row = bands.findIndex((band) => x >= band.x && x < band.x + band.width)
  return row < 0 ? null : row
}

/** As many names as fit side by side. */
function listFittingNames(names: readonly string[], width: number): { name: string; row: number }[] {
  const longest = Math.min(14, Math.max(1, ...names.map(({ length }) => length)))
  const fitting = Math.max(1, Math.floor(width / (longest * 7 + 12)))
  const step = Math.ceil(names.length / fitting)
  return names.flatMap((name, row) => (row % step ? [] : { name, row }))
}
