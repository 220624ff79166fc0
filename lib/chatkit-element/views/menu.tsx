import type { ComponentChildren } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'

export type MenuItem = {
  id: string
  label: string
  icon?: string | undefined
  description?: string | undefined
  disabled?: boolean | undefined
  checked?: boolean
  danger?: boolean
  onSelect: () => void
}
type Props = {
  label: string
  trigger: ComponentChildren
  triggerClass: string
  items: readonly MenuItem[]
  align?: 'start' | 'end'
}

/**
 * A button with a menu: arrows, Home and End move, Enter and Space choose, Escape and an outside
 * click close.
 */
export function Menu({ label, trigger, triggerClass, items, align = 'start' }: Props) {
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  useLayoutEffect(() => {
    const all = choicesIn(box.current)
    if (open) (all.find((choice) => choice.ariaChecked === 'true') ?? all[0])?.focus()
  }, [open])
  useEffect(() => {
    if (!open) return
    const onOutside = (event: Event) => {
      if (box.current && !event.composedPath().includes(box.current)) setOpen(false)
    }
    document.addEventListener('pointerdown', onOutside, true)
    return () => document.removeEventListener('pointerdown', onOutside, true)
  }, [open])
  const onKeyDown = (event: KeyboardEvent) => {
    const all = choicesIn(box.current)
    const at = all.indexOf(event.target as HTMLElement)
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key]
    if (next !== undefined) {
      event.preventDefault()
      all[next % all.length]?.focus()
    } else if (event.key === 'Escape') {
      event.preventDefault()
      event.stopPropagation()
      close()
    } else if (event.key === 'Tab') setOpen(false)
  }
  return (
    <div ref={box} class="menu-box">
      <button
        ref={button}
        type="button"
        class={triggerClass}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        title={label}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault()
            setOpen(true)
          }
        }}
      >
        {trigger}
      </button>
      {open && (
        <div id={id} part="menu" class={`menu menu-${align}`} role="menu" aria-label={label} onKeyDown={onKeyDown}>
          {items.map((item) => (
            <button
              key={item.id}
              type="button"
              role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
              {...(item.checked !== undefined && { 'aria-checked': item.checked })}
              tabIndex={-1}
              class={`menu-item ${item.danger ? 'is-danger' : ''}`}
              disabled={item.disabled}
              onClick={() => {
                close()
                item.onSelect()
              }}
            >
              {item.icon && <Icon name={item.icon} size={17} />}
              <span class="menu-label">
                {item.label}
                {item.description && <small>{item.description}</small>}
              </span>
              {item.checked && <Icon name="check" size={16} />}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

function choicesIn(box: HTMLElement | null): HTMLElement[] {
  return [...(box?.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)') ?? [])]
}
