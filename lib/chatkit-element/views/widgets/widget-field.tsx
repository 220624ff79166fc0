import { useContext, useLayoutEffect, useRef } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { Combobox } from '#lib/chatkit-element/views/widgets/widget-combobox.tsx'
import { toText, toWidgetAction, useAction, WidgetContext } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import type { Option } from '#lib/chatkit-element/views/widgets/widget-option.ts'
import { toTextStyle } from '#lib/chatkit-element/views/widgets/widget-style.ts'

const FIELDS = new Set(['Input', 'Textarea', 'Select', 'Checkbox', 'RadioGroup', 'DatePicker', 'Label'])
const INPUT_TYPES = new Set(['text', 'number', 'email', 'password', 'tel', 'url', 'datetime-local'])
/** A select with at least this many options gets a search field by default. */
const SEARCHABLE_FROM = 16

export function isField(node: WidgetNode): boolean {
  return FIELDS.has(node.type)
}

/**
 * The form controls. They are the browser's own, which work with every keyboard and screen reader;
 * only a long list is a combobox.
 */
export function WidgetField({ node }: { node: WidgetNode }) {
  const { strings } = useUi()
  const { waiting, fieldId, isLabelled } = useContext(WidgetContext)
  const { perform } = useAction(toWidgetAction(node.onChangeAction), 'none')
  const root = useRef<HTMLDivElement>(null)
  const box = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    // A checkbox with an action shows the server's value, not the click; one in a form keeps the
    // person's choice.
    if (box.current && node.onChangeAction) box.current.checked = node.defaultChecked === true
  }, [node])
  const editable = (node.editable ?? {}) as Record<string, unknown>
  const property = (name: string) => node[name] ?? editable[name]
  const text = (name: string) => toText(property(name))
  const bound = (name: string) => (typeof node[name] === 'number' ? node[name] : undefined)
  const name = text('name') ?? ''
  const initial = toText(node.defaultValue) ?? (node.type === 'Text' ? (text('value') ?? '') : '')
  const options = (Array.isArray(node.options) ? node.options : []) as Option[]
  const label = isLabelled(name) ? undefined : (text('ariaLabel') ?? text('placeholder') ?? name)
  const look = `text-input ${node.variant === 'soft' ? 'is-soft' : ''} ${node.pill === true ? 'is-pill' : ''}`
  const common = {
    id: fieldId(name),
    name,
    disabled: node.disabled === true || waiting,
    required: property('required') === true,
    'aria-label': label,
    onChange: ({ currentTarget }: { currentTarget: EventTarget | null }) => perform(currentTarget as Element),
  }
  const typed = {
    placeholder: text('placeholder'),
    pattern: text('pattern'),
    minLength: bound('minLength'),
    maxLength: bound('maxLength'),
    autoFocus: property('autoFocus') === true,
    autocomplete: text('autoComplete'),
    // Password managers add buttons to every field that does not opt out.
    ...(property('allowAutofillExtensions') !== true && { 'data-1p-ignore': '', 'data-lpignore': 'true' }),
    ...(property('autoSelect') === true && {
      onFocus: (event: FocusEvent) => (event.currentTarget as HTMLInputElement).select(),
    }),
  }
  switch (node.type) {
    case 'Label':
      return (
        <label
          class={`w-label w-text-${text('size') ?? 'sm'}`}
          for={fieldId(text('fieldName') ?? '')}
          style={toTextStyle(node)}
          dir="auto"
        >
          {text('value')}
        </label>
      )
    case 'Textarea':
      return (
        <textarea
          class={`${look} ${node.autoResize === true ? 'is-growing' : ''}`}
          dir="auto"
          rows={typeof node.rows === 'number' ? node.rows : 3}
          style={typeof node.maxRows === 'number' ? { maxHeight: `calc(${node.maxRows * 1.45}em + 18px)` } : undefined}
          defaultValue={initial}
          {...common}
          {...typed}
        />
      )
    case 'Select':
      if (node.searchable === true || (node.searchable !== false && options.length >= SEARCHABLE_FROM))
        return (
          <div ref={root}>
            <Combobox
              {...{ ...common, look, options, initial }}
              placeholder={text('placeholder')}
              clearable={node.clearable === true}
              onChange={() => perform(root.current)}
            />
          </div>
        )
      return (
        <select class={look} defaultValue={initial} {...common}>
          {(node.clearable === true || text('placeholder') || !initial) && (
            <option value="">{text('placeholder') ?? '–'}</option>
          )}
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
    case 'RadioGroup':
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
    case 'DatePicker':
      return (
        <input
          class={look}
          type="date"
          title={text('placeholder')}
          defaultValue={day(initial)}
          min={day(text('min'))}
          max={day(text('max'))}
          {...common}
          aria-label={label ?? (isLabelled(name) ? undefined : strings.date)}
        />
      )
    default: {
      const type = text('inputType') ?? 'text'
      return (
        <input
          class={look}
          dir="auto"
          type={INPUT_TYPES.has(type) ? type : 'text'}
          defaultValue={initial}
          {...(type === 'number' && { step: text('step') ?? 'any', min: bound('min'), max: bound('max') })}
          {...common}
          {...typed}
        />
      )
    }
  }
}

/** The date part of an ISO time, which is all that a date input accepts. */
function day(iso: string | undefined): string | undefined {
  return iso?.slice(0, 10) || undefined
}
