import type { ReactNode } from 'react'

export type Column<Row> = {
  header: string
  /** An empty value (null, undefined or '') hides the cell in stacked rows. */
  cell: (row: Row) => ReactNode
  /** The cell that names the row. On a phone it is the heading of the row's block. */
  lead?: boolean
  align?: 'start' | 'end'
}

/**
 * A table that turns into a list of labelled blocks on a phone, so that no column is cut off.
 * `caption` is for screen readers.
 */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
}: {
  caption: string
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => string
}) {
  return (
    // The roles are said again because stacked rows lose them with `display: block`.
    // biome-ignore-start lint/a11y/noRedundantRoles: see above
    <div className="@container/table overflow-x-auto">
      <table role="table" className="stacking w-full text-start">
        <caption className="sr-only">{caption}</caption>
        <thead role="rowgroup" className="border-b border-line text-sm text-ink-faint">
          <tr role="row">
            {columns.map(({ header, align }) => (
              <th key={header} role="columnheader" scope="col" data-align={align}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row">
              {columns.map(({ header, cell, lead, align }) => {
                const content = cell(row)
                const empty = content === null || content === undefined || content === ''
                return (
                  <td
                    key={header}
                    role="cell"
                    data-label={header}
                    data-lead={lead || undefined}
                    data-empty={empty || undefined}
                    data-align={align}
                  >
                    {content}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  )
}
