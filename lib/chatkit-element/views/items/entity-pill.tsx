import type { Entity } from '@openai/chatkit'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { toError } from '#lib/chatkit-element/transport/to-error.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { WidgetPreview } from '#lib/chatkit-element/views/widgets/widget-preview.tsx'

/** How long (ms) the pointer must stay before the preview opens. */
const LINGER_MS = 300
/** The gap (px) between the pill and its preview, and between the preview and the window's edge. */
const GAP = 8

/**
 * An entity of the page in a message. An interactive one is a button, and can show a preview from
 * the page.
 */
export function EntityPill({ entity }: { entity: Entity }) {
  const { options } = useUi()
  const { onClick, onRequestPreview } = options.entities ?? {}
  const body = (
    <>
      {entity.icon && <Icon name={entity.icon} size={14} />}
      {entity.title}
    </>
  )
  if (!entity.interactive || !(onClick || onRequestPreview)) return <span class="tag">{body}</span>
  return <ActivePill entity={entity}>{body}</ActivePill>
}

function ActivePill({ entity, children }: { entity: Entity; children: preact.ComponentChildren }) {
  const { chat, options } = useUi()
  const [wanted, setWanted] = useState(false)
  const [preview, setPreview] = useState<WidgetNode | null>(null)
  const pill = useRef<HTMLButtonElement>(null)
  const linger = useRef<ReturnType<typeof setTimeout>>()
  const look = (ms: number) => {
    clearTimeout(linger.current)
    linger.current = setTimeout(() => setWanted(true), ms)
  }
  const leave = () => {
    clearTimeout(linger.current)
    setWanted(false)
  }
  useEffect(() => () => clearTimeout(linger.current), [])
  useEffect(() => {
    if (!wanted || preview) return
    let isGone = false
    options.entities
      ?.onRequestPreview?.(entity)
      .then((answer) => isGone || setPreview((answer.preview as WidgetNode | null) ?? null))
      .catch((error: unknown) => chat.emit('chatkit.error', { error: toError(error) }))
    return () => {
      isGone = true
    }
  }, [wanted, preview, entity, options, chat])
  return (
    <span class="entity" onPointerEnter={() => look(LINGER_MS)} onPointerLeave={leave}>
      <button
        ref={pill}
        type="button"
        class="tag is-interactive"
        onClick={() => options.entities?.onClick?.(entity)}
        onFocus={() => look(0)}
        onBlur={leave}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && wanted) {
            event.stopPropagation()
            leave()
          }
        }}
      >
        {children}
      </button>
      {wanted && preview && <Preview of={pill} widget={preview} />}
    </span>
  )
}

/**
 * The preview beside the pill. As a popover it lies above everything else, so that no scroll box
 * clips it.
 */
function Preview({ of, widget }: { of: { current: HTMLElement | null }; widget: WidgetNode }) {
  const box = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    const element = box.current
    const pill = of.current?.getBoundingClientRect()
    if (!element || !pill) return
    element.showPopover?.()
    const { width, height } = element.getBoundingClientRect()
    const left = Math.max(GAP, Math.min(pill.left, innerWidth - width - GAP))
    const above = pill.top - height - GAP
    element.style.left = `${left}px`
    element.style.top = `${above > GAP ? above : pill.bottom + GAP}px`
  })
  return (
    <span ref={box} class="entity-preview" popover="manual" role="tooltip">
      <WidgetPreview widget={widget} />
    </span>
  )
}
