import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { useField } from '#lib/chatkit-element/views/widgets/fields/use-field.ts'

const INPUT_TYPES = new Set(['text', 'number', 'email', 'password', 'tel', 'url', 'datetime-local'])

export function TextField({ node }: { node: WidgetNode }) {
  const field = useField(node)
  const { look, initial, common, text, bound } = field
  const type = text('inputType') ?? 'text'
  return (
    <input
      class={look}
      dir="auto"
      type={INPUT_TYPES.has(type) ? type : 'text'}
      defaultValue={initial}
      {...(type === 'number' && { step: text('step') ?? 'any', min: bound('min'), max: bound('max') })}
      {...common}
      {...readTyping(field)}
    />
  )
}

export function TextareaField({ node }: { node: WidgetNode }) {
  const field = useField(node)
  return (
    <textarea
      class={`${field.look} ${node.autoResize === true ? 'is-growing' : ''}`}
      dir="auto"
      rows={typeof node.rows === 'number' ? node.rows : 3}
      style={typeof node.maxRows === 'number' ? { maxHeight: `calc(${node.maxRows * 1.45}em + 18px)` } : undefined}
      defaultValue={field.initial}
      {...field.common}
      {...readTyping(field)}
    />
  )
}

export function DateField({ node }: { node: WidgetNode }) {
  const { strings } = useUi()
  const { look, initial, common, text, hasLabel } = useField(node)
  return (
    <input
      class={look}
      type="date"
      title={text('placeholder')}
      defaultValue={toDay(initial)}
      min={toDay(text('min'))}
      max={toDay(text('max'))}
      {...common}
      aria-label={common['aria-label'] ?? (hasLabel ? undefined : strings.date)}
    />
  )
}

/** The attributes of the controls that a person types into. */
function readTyping({ text, bound, property }: ReturnType<typeof useField>) {
  return {
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
}

/** The date part of an ISO time, which is all that a date input accepts. */
function toDay(iso: string | undefined): string | undefined {
  return iso?.slice(0, 10) || undefined
}
