import { useContext } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { Option } from '#lib/chatkit-element/views/widgets/fields/option.ts'
import { toText, toWidgetAction, useAction, WidgetContext } from '#lib/chatkit-element/views/widgets/widget-context.ts'

/** What the form controls have in common: how the properties of their node are read, and what they do. */
export function useField(node: WidgetNode) {
  const { waiting, fieldId, isLabelled } = useContext(WidgetContext)
  const { perform } = useAction(toWidgetAction(node.onChangeAction), 'none')
  // A text that can be edited in place has the properties of its field in `editable`.
  const editable = (node.editable ?? {}) as Record<string, unknown>
  const property = (name: string) => node[name] ?? editable[name]
  const text = (name: string) => toText(property(name))
  const name = text('name') ?? ''
  const hasLabel = isLabelled(name)
  return {
    name,
    text,
    property,
    perform,
    fieldId,
    hasLabel,
    /** A number among the node's own properties. */
    bound: (key: string) => (typeof node[key] === 'number' ? node[key] : undefined),
    initial: toText(node.defaultValue) ?? (node.type === 'Text' ? (text('value') ?? '') : ''),
    options: (Array.isArray(node.options) ? node.options : []) as Option[],
    look: `text-input ${node.variant === 'soft' ? 'is-soft' : ''} ${node.pill === true ? 'is-pill' : ''}`,
    /** The attributes of every control. */
    common: {
      id: fieldId(name),
      name,
      disabled: node.disabled === true || waiting,
      required: property('required') === true,
      'aria-label': hasLabel ? undefined : (text('ariaLabel') ?? text('placeholder') ?? name),
      onChange: ({ currentTarget }: { currentTarget: EventTarget | null }) => perform(currentTarget as Element),
    },
  }
}
