import type { JSX } from 'preact'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { CheckboxField, RadioField, SelectField } from '#lib/chatkit-element/views/widgets/fields/choice-fields.tsx'
import { DateField, TextareaField, TextField } from '#lib/chatkit-element/views/widgets/fields/text-fields.tsx'
import { useField } from '#lib/chatkit-element/views/widgets/fields/use-field.ts'
import { toWord } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { toTextStyle } from '#lib/chatkit-element/views/widgets/widget-style.ts'

const FIELDS: Record<string, (props: { node: WidgetNode }) => JSX.Element> = {
  Input: TextField,
  Textarea: TextareaField,
  Select: SelectField,
  Checkbox: CheckboxField,
  RadioGroup: RadioField,
  DatePicker: DateField,
  Label: FieldLabel,
}

export function isField(node: WidgetNode): boolean {
  return Object.hasOwn(FIELDS, node.type)
}

/**
 * The form controls, and a text that can be edited in place. They are the browser's own, which work
 * with every keyboard and screen reader; only a long list is a combobox.
 */
export function WidgetField({ node }: { node: WidgetNode }) {
  const Field = (isField(node) && FIELDS[node.type]) || TextField
  return <Field node={node} />
}

function FieldLabel({ node }: { node: WidgetNode }) {
  const { text, fieldId } = useField(node)
  return (
    <label
      class={`w-label w-text-${toWord(node.size) ?? 'sm'}`}
      for={fieldId(text('fieldName') ?? '')}
      style={toTextStyle(node)}
      dir="auto"
    >
      {text('value')}
    </label>
  )
}
