import type { QuestionWords } from '#lib/agent/questions/words/english.ts'
import { fillIn } from '#lib/agent/questions/words/find-words.ts'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import {
  Caption,
  Checkbox,
  DatePicker,
  Input,
  Label,
  RadioGroup,
  Select,
  Text,
  Textarea,
} from '#lib/chatkit/server/widgets/components.ts'
import type { Field } from '#lib/mcp-client/questions/question-fields.ts'
import { toControlName } from '#lib/mcp-client/questions/read-values.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'
import { toLocalTime } from '#lib/platform/text/zoned-time.ts'

/** A text that may be longer (characters) gets more lines. */
const LONG_CHARS = 300
/** The most options that are all shown at once. */
const RADIOS_MAX = 5

/** The label, the control and the description of a field. Times are shown in `timeZone`. */
export function fieldNodes(
  field: Field,
  index: number,
  { timeZone, words }: { timeZone: string; words: QuestionWords },
): WidgetNode[] {
  const name = `values.${toControlName(index)}`
  const own = toVisibleText(field.title)
  const title = field.isRequired || field.kind === 'boolean' ? own : fillIn(words.optional, { title: own })
  const about = field.description ? [Caption({ value: toVisibleText(field.description) })] : []
  switch (field.kind) {
    case 'boolean':
      return [Checkbox({ name, label: title, defaultChecked: field.initial === true }), ...about]
    case 'choices':
      // A label belongs to one control only, so the group has a line of its own.
      return [
        Text({ value: title, size: 'sm', weight: 'semibold' }),
        ...field.options.map(({ value, label }, place) =>
          Checkbox({
            name: `${name}.${place}`,
            label: toVisibleText(label),
            defaultChecked: field.initial?.includes(value) === true,
          }),
        ),
        ...about,
      ]
    default:
      return [Label({ value: title, fieldName: name }), controlOf(field, name, title, timeZone), ...about]
  }
}

function controlOf(
  field: Exclude<Field, { kind: 'boolean' | 'choices' }>,
  name: string,
  title: string,
  timeZone: string,
): WidgetNode {
  const required = field.isRequired
  if (field.kind === 'choice') {
    const options = field.options.map(({ value, label }) => ({ value, label: toVisibleText(label) }))
    const initial = field.initial === undefined ? {} : { defaultValue: field.initial }
    return options.length <= RADIOS_MAX && required
      ? RadioGroup({ name, options, required, ariaLabel: title, ...initial })
      : Select({ name, options, required, clearable: !required, ...initial })
  }
  if (field.kind === 'number') {
    const { min, max, isInteger, initial } = field
    return Input({
      ...{ name, required, inputType: 'number' },
      ...(isInteger && { step: 1 }),
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
      ...(initial !== undefined && { defaultValue: String(initial) }),
    })
  }
  const { format, min, max, initial } = field
  const limits = { ...(min !== undefined && { minLength: min }), ...(max !== undefined && { maxLength: max }) }
  const start = initial === undefined ? {} : { defaultValue: initial }
  if (format === 'date') return DatePicker({ name, required, ...start })
  if (format === 'date-time') {
    const local = initial === undefined ? undefined : toLocalTime(initial, timeZone)
    return Input({ name, required, inputType: 'datetime-local', ...(local && { defaultValue: local }) })
  }
  if (format) return Input({ name, required, inputType: format === 'email' ? 'email' : 'url', ...limits, ...start })
  return max !== undefined && max >= LONG_CHARS
    ? Textarea({ name, required, autoResize: true, ...limits, ...start })
    : Input({ name, required, ...limits, ...start })
}
