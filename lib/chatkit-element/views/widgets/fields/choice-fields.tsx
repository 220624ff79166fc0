import { useLayoutEffect, useRef } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { Combobox } from '#lib/chatkit-element/views/widgets/fields/combobox.tsx'
import { useField } from '#lib/chatkit-element/views/widgets/fields/use-field.ts'

/** A select with at least this many options gets a search field by default. */
const SEARCHABLE_FROM = 16

export function SelectField({ node }: { node: WidgetNode }) {
  const root = useRef<HTMLDivElement>(null)
  const { look, initial, options, common, text, perform } = useField(node)
  const placeholder = text('placeholder')
  if (node.searchable === true || (node.searchable !== false && options.length >= SEARCHABLE_FROM))
    return (
      <div ref={root}>
        <Combobox
          {...{ ...common, look, options, initial, placeholder }}
          clearable={node.clearable === true}
          onChange={() => perform(root.current)}
        />
      </div>
    )
  return (
    <select class={look} defaultValue={initial} {...common}>
      {(node.clearable === true || placeholder || !initial) && <option value="">{placeholder ?? '–'}</option>}
      {options.map(({ value, label, disabled }) => (
        <option key={value} value={value} disabled={disabled}>
          {label}
        </option>
      ))}
    </select>
  )
}

export function CheckboxField({ node }: { node: WidgetNode }) {
  const box = useRef<HTMLInputElement>(null)
  const { name, common, text } = useField(node)
  useLayoutEffect(() => {
    // A checkbox with an action shows the server's value, not the click; one in a form keeps the
    // person's choice.
    if (box.current && node.onChangeAction) box.current.checked = node.defaultChecked === true
  }, [node])
  return (
    <label class="choice">
      <input
        ref={box}
        type="checkbox"
        defaultChecked={node.defaultChecked === true}
        {...common}
        aria-label={undefined}
      />
      {text('label') ?? name}
    </label>
  )
}

export function RadioField({ node }: { node: WidgetNode }) {
  const { name, initial, options, common, text } = useField(node)
  return (
    <div
      role="radiogroup"
      aria-label={text('ariaLabel') ?? name}
      class={node.direction === 'row' ? 'w-row is-wrapping' : 'w-choices-list'}
    >
      {options.map(({ value, label, disabled }) => (
        <label key={value} class="choice">
          <input
            type="radio"
            value={value}
            defaultChecked={value === initial}
            {...common}
            id={undefined}
            disabled={common.disabled || disabled}
            aria-label={undefined}
          />
          {label}
        </label>
      ))}
    </div>
  )
}
