import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { Children } from '#lib/chatkit-element/views/widgets/widget-children.tsx'
import { listChildren } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { toBoxStyle, toColumnWidth } from '#lib/chatkit-element/views/widgets/widget-style.ts'

type NodeProps = { node: WidgetNode }

const InHeader = createContext(false)

/** A table that scrolls sideways in its own box. The leading header rows form its head. */
export function Table({ node }: NodeProps) {
  const rows = listChildren(node)
  const body = rows.findIndex((row) => row.header !== true)
  const split = body < 0 ? rows.length : body
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll box must be reachable by keyboard.
    <div class="w-table" tabIndex={0}>
      <table>
        {split > 0 && (
          <thead>
            <Children node={{ type: 'rows', children: rows.slice(0, split) }} />
          </thead>
        )}
        <tbody>
          <Children node={{ type: 'rows', children: rows.slice(split) }} />
        </tbody>
      </table>
    </div>
  )
}

export function TableRow({ node }: NodeProps) {
  return (
    <InHeader.Provider value={node.header === true}>
      <tr>
        <Children node={node} />
      </tr>
    </InHeader.Provider>
  )
}

const VERTICAL: Record<string, string> = { start: 'top', center: 'middle', end: 'bottom' }

export function TableCell({ node }: NodeProps) {
  const isHeader = useContext(InHeader)
  const Cell = isHeader ? 'th' : 'td'
  const { align, vAlign, width, colSize } = node
  return (
    <Cell
      {...(isHeader && { scope: 'col' })}
      colSpan={span(node.colSpan)}
      rowSpan={span(node.rowSpan)}
      style={{
        ...toBoxStyle({ type: 'cell', padding: node.padding, width: width as string | number | undefined }),
        textAlign: align as 'start' | 'center' | 'end' | undefined,
        verticalAlign: VERTICAL[String(vAlign)],
        minWidth: toColumnWidth(colSize),
      }}
    >
      <div class={`w-cell w-cell-${align === 'end' || align === 'center' ? align : 'start'}`}>
        <Children node={node} />
      </div>
    </Cell>
  )
}

function span(value: unknown): number | undefined {
  return typeof value === 'number' && value > 1 ? Math.min(value, 100) : undefined
}
