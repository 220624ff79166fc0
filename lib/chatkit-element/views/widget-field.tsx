/** @jsxImportSource preact */
import { useContext } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { WidgetAction } from '#lib/chatkit-element/chat.ts'
import { WidgetContext } from '#lib/chatkit-element/views/widget-context.ts'

const FIELDS = new Set(['Input', 'Textarea', 'Select', 'Checkbox', 'RadioGroup', 'DatePicker', 'Label'])
type Option = { value: string; label: string; disabled?: boolean }

export function isField(node: WidgetNode): boolean {
  return FIELDS.has(node.type)
}

/** The form controls as the browser's own, which every keyboard and screen reader knows. */
export function WidgetField({ node }: { node: WidgetNode }) {
  const { act, waiting } = useContext(WidgetContext)
  const editable = (node.editable ?? {}) as Record<string, unknown>
  const text = (name: string) => (node[name] ?? editable[name]) as string | undefined
  const name = text('name') ?? ''
  const options = (Array.isArray(node.options) ? node.options : []) as Option[]
  const initial = (node.defaultValue ?? (node.type === 'Text' ? node.value : '')) as string
  const common = {
    name,
    disabled: node.disabled === true || waiting,
    required: node.required === true || editable.required === true,
    placeholder: text('placeholder'),
    pattern: text('pattern'),
    'aria-label': text('ariaLabel') ?? text('placeholder') ?? name,
    onChange: (event: Event) => {
      if (node.onChangeAction && event.currentTarget instanceof Element) act(node.onChangeAction as WidgetAction, event.currentTarget)
    },
  }
  switch (node.type) {
    case 'Label':
      return <span class="w-label">{text('value')}</span>
    case 'Textarea':
      return (
        <textarea class="text-input" dir="auto" rows={typeof node.rows === 'number' ? node.rows : 3} defaultValue={initial} {...common} />
      )
    case 'Select':
      return (
        <select class="text-input" defaultValue={initial} {...common}>
          {text('placeholder') && <option value="">{text('placeholder')}</option>}
          {options.map(({ value, label, disabled }) => (
            <option key={value} value={value} disabled={disabled}>
              {label}
            </option>
          ))}
        </select>
      )
    case 'Checkbox':
      return (
        <label class="choice">
          <input type="checkbox" defaultChecked={node.defaultChecked === true} {...common} aria-label={undefined} />
          {text('label') ?? name}
        </label>
      )
    case 'RadioGroup':
      return (
        <div role="radiogroup" aria-label={common['aria-label']} class={node.direction === 'row' ? 'w-row' : 'w-col'}>
          {options.map(({ value, label, disabled }) => (
            <label key={value} class="choice">
              <input
                type="radio"
                value={value}
                defaultChecked={value === initial}
                {...common}
                disabled={common.disabled || disabled}
                aria-label={undefined}
              />
              {label}
            </label>
          ))}
        </div>
      )
    default: {
      const type = node.type === 'DatePicker' ? 'date' : (text('inputType') ?? 'text')
      return <input class="text-input" dir="auto" type={type} defaultValue={type === 'date' ? initial.slice(0, 10) : initial} {...common} />
    }
  }
}
