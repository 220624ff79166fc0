/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { useContext, useState } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { WidgetAction } from '#lib/chatkit-element/chat.ts'
import { isAllowedImage } from '#lib/chatkit-element/markdown/links.ts'
import { Icon } from '#lib/chatkit-element/views/icon.tsx'
import { Markdown } from '#lib/chatkit-element/views/markdown.tsx'
import { useUi } from '#lib/chatkit-element/views/ui.ts'
import { isSameOrigin } from '#lib/chatkit-element/views/user-message.tsx'
import { WidgetContext } from '#lib/chatkit-element/views/widget-context.ts'
import { isField, WidgetField } from '#lib/chatkit-element/views/widget-field.tsx'
import { boxStyle, colour, space, textStyle } from '#lib/chatkit-element/views/widget-style.ts'

type NodeProps = { node: WidgetNode }

/** One node of a widget. A type that is not known shows its text and its children, so that nothing is blank. */
export function WidgetNodeView({ node }: NodeProps) {
  const View = VIEWS[node.type]
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
  Basic: ({ node }) => <Box node={node} type="w-col" />,
  Badge: ({ node }) => (
    <span class={`w-badge w-${str(node.color) ?? 'secondary'} w-${str(node.variant) ?? 'soft'}`} dir="auto">
      {str(node.label)}
    </span>
  ),
  Box: ({ node }) => <Box node={node} type={node.direction === 'row' ? 'w-row' : 'w-col'} />,
  Button,
  Caption: ({ node }) => <Text node={node} type="w-caption" />,
  Card,
  Col: ({ node }) => <Box node={node} type="w-col" />,
  Divider: ({ node }) => <hr class="w-divider" style={{ borderColor: colour(node.color), marginBlock: space(node.spacing) }} />,
  Form,
  Icon: ({ node }) => (
    <span class="w-icon" style={{ color: colour(node.color) }}>
      <Icon name={str(node.name) ?? ''} size={ICON_SIZES[str(node.size) ?? 'md'] ?? 18} />
    </span>
  ),
  Image: WidgetImage,
  ListView,
  ListViewItem,
  Markdown: ({ node }) => <Markdown text={str(node.value) ?? ''} growing={node.streaming === true} />,
  Row: ({ node }) => <Box node={node} type="w-row" />,
  Spacer: ({ node }) => <div class="w-spacer" style={{ minWidth: space(node.minSize), minHeight: space(node.minSize) }} />,
  Text: ({ node }) => (node.editable ? <WidgetField node={node} /> : <Text node={node} type={`w-text w-text-${str(node.size) ?? 'md'}`} />),
  Title: ({ node }) => <Text node={node} type={`w-title w-title-${str(node.size) ?? 'md'}`} />,
  Transition: ({ node }) => <Children node={node} />,
}

const ICON_SIZES: Record<string, number> = { xs: 12, sm: 15, md: 18, lg: 22, xl: 26, '2xl': 32, '3xl': 40 }

function Children({ node }: NodeProps) {
  const { children } = node
  const list = Array.isArray(children) ? children : children ? [children] : []
  return (
    <>
      {list.filter(isNode).map((child, at) => (
        <WidgetNodeView key={child.key ?? child.id ?? at} node={child} />
      ))}
    </>
  )
}

function Box({ node, type }: NodeProps & { type: string }) {
  return (
    <div class={type} style={boxStyle(node)}>
      <Children node={node} />
    </div>
  )
}

function Text({ node, type }: NodeProps & { type: string }) {
  const clamped = node.truncate === true || typeof node.maxLines === 'number'
  return (
    <p class={`${type} ${clamped ? 'w-clamped' : ''}`} style={textStyle(node)} dir="auto">
      {str(node.value)}
    </p>
  )
}

function Card({ node }: NodeProps) {
  const { act, waiting } = useContext(WidgetContext)
  const status = node.status as { text?: string; icon?: string } | undefined
  const choice = (name: 'cancel' | 'confirm') => {
    const config = node[name] as { label?: string; action?: WidgetAction } | undefined
    if (!config?.label) return null
    return (
      <button
        type="button"
        class={`button ${name === 'confirm' ? 'is-primary' : ''}`}
        disabled={waiting}
        onClick={(event) => config.action && act(config.action, event.currentTarget)}
      >
        {config.label}
      </button>
    )
  }
  const Frame = node.asForm ? 'form' : 'div'
  return (
    <Frame class={`card w-card w-card-${str(node.size) ?? 'md'}`} onSubmit={(event: Event) => event.preventDefault()}>
      {status?.text && (
        <p class="w-status" dir="auto">
          {status.icon && <Icon name={status.icon} size={14} />}
          {status.text}
        </p>
      )}
      <div class="w-col" style={boxStyle({ ...node, size: undefined })}>
        <Children node={node} />
      </div>
      {(node.confirm || node.cancel) && (
        <div class="question-buttons">
          {choice('cancel')}
          {choice('confirm')}
        </div>
      )}
    </Frame>
  )
}

function Form({ node }: NodeProps) {
  const { act } = useContext(WidgetContext)
  return (
    <form
      class="w-col"
      style={boxStyle(node)}
      onSubmit={(event) => {
        event.preventDefault()
        if (node.onSubmitAction) act(node.onSubmitAction as WidgetAction, event.currentTarget)
      }}
    >
      <Children node={node} />
    </form>
  )
}

function ListView({ node }: NodeProps) {
  const { strings } = useUi()
  const [all, setAll] = useState(false)
  const rows = (Array.isArray(node.children) ? node.children : []).filter(isNode)
  const limit = typeof node.limit === 'number' ? node.limit : node.limit === 'auto' ? 8 : rows.length
  const shown = all ? rows : rows.slice(0, limit)
  return (
    <div class="card w-list">
      <Children node={{ type: 'rows', children: shown }} />
      {shown.length < rows.length && (
        <button type="button" class="quiet-button" onClick={() => setAll(true)}>
          {strings.loadMore}
        </button>
      )}
    </div>
  )
}

function ListViewItem({ node }: NodeProps) {
  const { act, waiting } = useContext(WidgetContext)
  const action = node.onClickAction as WidgetAction | undefined
  const style = boxStyle(node)
  if (!action)
    return (
      <div class="w-list-item" style={style}>
        <Children node={node} />
      </div>
    )
  return (
    <button type="button" class="w-list-item" style={style} disabled={waiting} onClick={(event) => act(action, event.currentTarget)}>
      <Children node={node} />
    </button>
  )
}

function Button({ node }: NodeProps) {
  const { act, waiting } = useContext(WidgetContext)
  const action = node.onClickAction as WidgetAction | undefined
  const look = node.style === 'primary' || (node.variant === 'solid' && node.color !== 'secondary') ? 'is-primary' : ''
  const danger = node.color === 'danger' ? 'is-danger' : ''
  return (
    <button
      type={node.submit ? 'submit' : 'button'}
      class={`button ${look} ${danger} ${node.block ? 'is-block' : ''}`}
      disabled={node.disabled === true || waiting}
      {...(!node.label && { 'aria-label': str(node.iconStart) ?? str(node.iconEnd) ?? 'Button' })}
      onClick={(event) => action && act(action, event.currentTarget)}
    >
      {typeof node.iconStart === 'string' && <Icon name={node.iconStart} size={16} />}
      {str(node.label)}
      {typeof node.iconEnd === 'string' && <Icon name={node.iconEnd} size={16} />}
    </button>
  )
}

function WidgetImage({ node }: NodeProps) {
  const { imageDomains } = useContext(WidgetContext)
  const { strings } = useUi()
  const src = str(node.src) ?? ''
  const alt = str(node.alt) ?? ''
  if (!isAllowedImage(src, imageDomains) && !isSameOrigin(src)) return <span class="blocked-image">{strings.blockedImage(alt)}</span>
  return <img class="w-image" src={src} alt={alt} style={{ ...boxStyle(node), objectFit: str(node.fit) ?? 'cover' }} />
}

function isNode(value: unknown): value is WidgetNode {
  return typeof value === 'object' && value !== null && 'type' in value
}

function str(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}
