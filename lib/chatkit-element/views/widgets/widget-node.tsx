import type { ComponentChildren } from 'preact'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { Chart } from '#lib/chatkit-element/views/charts/chart.tsx'
import { isShownPart, ShownPart } from '#lib/chatkit-element/views/files/shown-part.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { Markdown } from '#lib/chatkit-element/views/items/markdown.tsx'
import { isField, WidgetField } from '#lib/chatkit-element/views/widgets/fields/widget-field.tsx'
import { WidgetButton } from '#lib/chatkit-element/views/widgets/widget-button.tsx'
import { Card, Form } from '#lib/chatkit-element/views/widgets/widget-card.tsx'
import { Children } from '#lib/chatkit-element/views/widgets/widget-children.tsx'
import { toText, toWord } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { WidgetImage } from '#lib/chatkit-element/views/widgets/widget-image.tsx'
import { ListView, ListViewItem } from '#lib/chatkit-element/views/widgets/widget-list.tsx'
import { toBoxStyle, toColour, toSpace, toTextStyle } from '#lib/chatkit-element/views/widgets/widget-style.ts'
import { Table, TableCell, TableRow } from '#lib/chatkit-element/views/widgets/widget-table.tsx'

type NodeProps = { node: WidgetNode }

/**
 * One node of a widget. An unknown type shows its text and its children, so that nothing stays
 * blank.
 */
export function WidgetNodeView({ node }: NodeProps) {
  if (isShownPart(node)) return <ShownPart node={node} />
  const View = Object.hasOwn(VIEWS, node.type) ? VIEWS[node.type] : undefined
  if (View) return <View node={node} />
  if (isField(node)) return <WidgetField node={node} />
  return (
    <div class="w-unknown">
      {typeof node.value === 'string' || typeof node.label === 'string' ? String(node.value ?? node.label) : null}
      <Children node={node} />
    </div>
  )
}

const VIEWS: Record<string, (props: NodeProps) => ComponentChildren> = {
  Basic: ({ node }) => <Box node={node} type={node.direction === 'row' ? 'w-row' : 'w-col'} />,
  Badge: ({ node }) => (
    <span
      class={`w-badge w-${toWord(node.color) ?? 'secondary'} w-${toWord(node.variant) ?? 'soft'} w-badge-${toWord(node.size) ?? 'sm'} ${node.pill === false ? 'is-square' : ''}`}
      dir="auto"
    >
      {toText(node.label)}
    </span>
  ),
  Box: ({ node }) => <Box node={node} type={node.direction === 'row' ? 'w-row' : 'w-col'} />,
  Button: WidgetButton,
  Caption: ({ node }) => <Text node={node} type={`w-caption w-caption-${toWord(node.size) ?? 'md'}`} />,
  Card,
  Chart,
  Col: ({ node }) => <Box node={node} type="w-col" />,
  Divider: ({ node }) => (
    <hr
      class={`w-divider ${node.flush === true ? 'is-flush' : ''}`}
      style={{
        borderColor: toColour(node.color),
        borderTopWidth: node.size as string | number | undefined,
        marginBlock: toSpace(node.spacing),
      }}
    />
  ),
  Form,
  Icon: ({ node }) => (
    <span class="w-icon" style={{ color: toColour(node.color) }}>
      <Icon name={toText(node.name) ?? ''} size={ICON_SIZES[toText(node.size) ?? 'md'] ?? 18} />
    </span>
  ),
  Image: WidgetImage,
  ListView,
  ListViewItem,
  Markdown: ({ node }) => <Markdown text={toText(node.value) ?? ''} growing={node.streaming === true} />,
  Row: ({ node }) => <Box node={node} type="w-row" />,
  Spacer: ({ node }) => (
    <div class="w-spacer" style={{ minWidth: toSpace(node.minSize), minHeight: toSpace(node.minSize) }} />
  ),
  Table,
  'Table.Row': TableRow,
  'Table.Cell': TableCell,
  Text: ({ node }) =>
    node.editable ? (
      <WidgetField node={node} />
    ) : (
      <Text node={node} type={`w-text w-text-${toWord(node.size) ?? 'md'}`} />
    ),
  Title: ({ node }) => <Text node={node} type={`w-title w-title-${toWord(node.size) ?? 'md'}`} />,
  Transition: ({ node }) => (
    // A new key makes a new element, which fades in.
    <div key={transitionKey(node)} class="w-transition">
      <Children node={node} />
    </div>
  ),
}

const ICON_SIZES: Record<string, number> = { xs: 12, sm: 15, md: 18, lg: 22, xl: 26, '2xl': 32, '3xl': 40 }

function transitionKey({ children }: WidgetNode): string {
  const { key, id, type } = (Array.isArray(children) ? children[0] : children) ?? ({} as Partial<WidgetNode>)
  return key ?? id ?? type ?? ''
}

function Box({ node, type }: NodeProps & { type: string }) {
  return (
    <div class={type} style={toBoxStyle(node)}>
      <Children node={node} />
    </div>
  )
}

function Text({ node, type }: NodeProps & { type: string }) {
  const clamped = node.truncate === true || typeof node.maxLines === 'number'
  return (
    <p class={`${type} ${clamped ? 'w-clamped' : ''}`} style={toTextStyle(node)} dir="auto">
      {toText(node.value)}
    </p>
  )
}
