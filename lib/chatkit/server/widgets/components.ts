import type { Widgets } from '@openai/chatkit'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'

// Typed builders of every component (protocol section 1.13). They return plain JSON. Properties
// follow OpenAI's types; properties that only the Python server has are added here.

/** An entry of `children`. Null and undefined, from conditions, are dropped before sending. */
type Child = WidgetNode | null | undefined
type Children = { children?: readonly Child[] }
type Size = number | string
type Dimensions = {
  width?: Size
  height?: Size
  minWidth?: Size
  minHeight?: Size
  maxWidth?: Size
  maxHeight?: Size
  size?: Size
}

// biome-ignore format: a list of names
type Curve =
  | 'basis' | 'basisClosed' | 'basisOpen' | 'bump' | 'bumpX' | 'bumpY' | 'linear' | 'linearClosed' | 'monotone' | 'monotoneX' | 'monotoneY'
  | 'natural' | 'step' | 'stepAfter' | 'stepBefore'
type Colour = string | { light: string; dark: string }
type Series = {
  type: 'bar' | 'area' | 'line'
  dataKey: string
  label?: string
  stack?: string
  color?: Colour
  curveType?: Curve
}
type Chart = Dimensions & {
  type: 'Chart'
  id?: string
  key?: string
  data: readonly Record<string, string | number>[]
  series: readonly Series[]
  xAxis: string | { dataKey: string; hide?: boolean; labels?: Record<string, string> }
  showYAxis?: boolean
  showLegend?: boolean
  showTooltip?: boolean
  barGap?: number
  barCategoryGap?: number
  flex?: Size
  aspectRatio?: Size
}

type Known = Widgets.WidgetRoot | Widgets.WidgetComponent | Widgets.ListViewItem | Chart
type Name = Known['type']
/** Limits of a control, which the browser checks. Our element has them beside OpenAI's properties. */
type Limits = { min?: number; max?: number; step?: number; minLength?: number; maxLength?: number }
type InputType = 'text' | 'number' | 'email' | 'password' | 'tel' | 'url' | 'datetime-local'
type Option = { value: string; label: string; disabled?: boolean; description?: string }

/**
 * Differences from OpenAI's types: components nest freely, and Select has the Python properties.
 */
type Changed = {
  [N in Name]: N extends 'ListView'
    ? { children: readonly (ReturnType<typeof ListViewItem> | null | undefined)[] }
    : N extends 'Transition'
      ? { children?: Child }
      : N extends 'Select'
        ? { options: readonly Option[]; searchable?: boolean; required?: boolean }
        : N extends 'Input'
          ? Limits & { inputType?: InputType }
          : N extends 'DatePicker'
            ? { required?: boolean }
            : N extends 'Textarea'
              ? Limits
              : 'children' extends keyof Extract<Known, { type: N }>
                ? Children
                : unknown
}
type Props<N extends Name> = Omit<Extract<Known, { type: N }>, 'type' | keyof Changed[N]> & Changed[N]

function component<N extends Name>(type: N) {
  return (props: Props<N>): WidgetNode & { type: N } => ({ ...props, type })
}

export const Card = component('Card')
export const ListView = component('ListView')
export const Basic = component('Basic')

export const Badge = component('Badge')
export const Box = component('Box')
export const Button = component('Button')
export const Caption = component('Caption')
export const Chart = component('Chart')
export const Checkbox = component('Checkbox')
export const Col = component('Col')
export const DatePicker = component('DatePicker')
export const Divider = component('Divider')
export const Form = component('Form')
export const Icon = component('Icon')
export const Image = component('Image')
export const Input = component('Input')
export const Label = component('Label')
export function ListViewItem(
  props: Omit<Widgets.ListViewItem, 'type' | 'children'> & Children,
): WidgetNode & { type: 'ListViewItem' } {
  return { ...props, type: 'ListViewItem' }
}
export const Markdown = component('Markdown')
export const RadioGroup = component('RadioGroup')
export const Row = component('Row')
export const Select = component('Select')
export const Spacer = component('Spacer')
export const Table = component('Table')
export const TableCell = component('Table.Cell')
export const TableRow = component('Table.Row')
export const Text = component('Text')
export const Textarea = component('Textarea')
export const Title = component('Title')
export const Transition = component('Transition')
