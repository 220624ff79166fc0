import { useState } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { Status, toThemeClass } from '#lib/chatkit-element/views/widgets/widget-card.tsx'
import { Children } from '#lib/chatkit-element/views/widgets/widget-children.tsx'
import { listChildren, toWidgetAction, useAction } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { toBoxStyle } from '#lib/chatkit-element/views/widgets/widget-style.ts'

/** How many rows `limit: "auto"` shows at first. */
const AUTO_LIMIT = 8

/** A list that shows its first rows, and the others on demand. */
export function ListView({ node }: { node: WidgetNode }) {
  const { strings } = useUi()
  const [all, setAll] = useState(false)
  const rows = listChildren(node)
  const limit = typeof node.limit === 'number' ? node.limit : node.limit === 'auto' ? AUTO_LIMIT : rows.length
  const shown = all ? rows : rows.slice(0, limit)
  return (
    <div part="card" class={`card w-list ${toThemeClass(node.theme)}`}>
      <Status status={node.status} />
      <Children node={{ type: 'rows', children: shown }} />
      {shown.length < rows.length && (
        <button type="button" class="quiet-button" onClick={() => setAll(true)}>
          {strings.showMore}
        </button>
      )}
    </div>
  )
}

/** A row. With an action, the whole row is one button. */
export function ListViewItem({ node }: { node: WidgetNode }) {
  const action = toWidgetAction(node.onClickAction)
  const { perform, acting, disabled } = useAction(action, 'self')
  const style = toBoxStyle(node)
  if (!action)
    return (
      <div class="w-list-item" style={style}>
        <Children node={node} />
      </div>
    )
  return (
    <button
      type="button"
      class="w-list-item"
      style={style}
      disabled={disabled}
      aria-busy={acting}
      onClick={({ currentTarget }) => perform(currentTarget)}
    >
      <Children node={node} />
    </button>
  )
}
