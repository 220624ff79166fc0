import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { toText, toWidgetAction, toWord, useAction } from '#lib/chatkit-element/views/widgets/widget-context.ts'

const ICON_SIZES: Record<string, number> = { sm: 14, md: 16, lg: 18, xl: 20, '2xl': 24 }

/**
 * A button of a widget; it shows a spinner during its action. A submit button first has the browser
 * validate its form.
 */
export function WidgetButton({ node }: { node: WidgetNode }) {
  const { perform, acting, disabled } = useAction(toWidgetAction(node.onClickAction), 'self')
  const { iconStart, iconEnd } = node
  const label = toText(node.label)
  const size = ICON_SIZES[toText(node.iconSize) ?? 'md'] ?? 16
  return (
    <button
      type={node.submit ? 'submit' : 'button'}
      class={`button ${toClasses(node)}`}
      disabled={node.disabled === true || disabled}
      aria-busy={acting}
      {...(!label && { 'aria-label': toText(iconStart) ?? toText(iconEnd) ?? 'Button' })}
      onClick={({ currentTarget }) => {
        if (!node.submit || !currentTarget.form || currentTarget.form.reportValidity()) perform(currentTarget)
      }}
    >
      {acting ? (
        <Icon name="loader-circle" size={size} class="spin" />
      ) : (
        typeof iconStart === 'string' && <Icon name={iconStart} size={size} />
      )}
      {label}
      {typeof iconEnd === 'string' && <Icon name={iconEnd} size={size} />}
    </button>
  )
}

function toClasses({ variant, style, color, size, pill, uniform, block, label }: WidgetNode): string {
  const kind = toWord(variant) ?? (style === 'primary' ? 'solid' : 'outline')
  return [
    `is-${kind}`,
    `w-${toWord(color) ?? (style === 'primary' || kind === 'solid' ? 'primary' : 'secondary')}`,
    size !== undefined && `is-size-${toWord(size)}`,
    pill === false && 'is-square',
    (uniform === true || !label) && 'is-uniform',
    block === true && 'is-block',
  ]
    .filter(Boolean)
    .join(' ')
}
