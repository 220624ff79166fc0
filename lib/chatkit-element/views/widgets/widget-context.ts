import { type ComponentChildren, createContext } from 'preact'
import { useContext, useState } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { WidgetAction } from '#lib/chatkit-element/session/item-actions.ts'

type WidgetScope = {
  /**
   * Performs an action with the values of the form it came from. Resolves when the action's answer
   * has ended. Never throws.
   */
  act: (action: WidgetAction, from: Element) => Promise<void>
  /** True while an action blocks the whole widget. */
  waiting: boolean
  setWaiting: (waiting: boolean) => void
  /** True while an answer is being written: actions that would start another one are disabled. */
  busy: boolean
  imageDomains: readonly string[]
  /**
   * `fieldId` is the id of a form control, for its label; `isLabelled` is true if the widget has a
   * label for it.
   */
  fieldId: (name: string) => string
  isLabelled: (name: string) => boolean
  draw: (node: WidgetNode, key: string | number) => ComponentChildren
}

const nothing = () => undefined

export const WidgetContext = createContext<WidgetScope>({
  act: async () => undefined,
  waiting: false,
  setWaiting: nothing,
  busy: false,
  imageDomains: [],
  fieldId: (name) => name,
  isLabelled: () => false,
  draw: nothing,
})

type Loading = 'none' | 'self' | 'container'

/**
 * An action of a component: how to perform it, whether it is running (`acting`), and whether it is
 * disabled. `auto` is the component's default loading behaviour: show it on itself, block the whole
 * widget, or show nothing (protocol section 1.12).
 */
export function useAction(action: WidgetAction | undefined, auto: Loading) {
  const { act, waiting, setWaiting, busy } = useContext(WidgetContext)
  const [acting, setActing] = useState(false)
  const asked = action?.loadingBehavior
  const loading = asked && asked !== 'auto' ? asked : auto
  const streams = action !== undefined && action.handler !== 'client' && action.streaming !== false
  const disabled = waiting || (acting && loading !== 'none') || (busy && streams)
  const perform = (from: Element | null) => {
    if (!action || !from || disabled) return
    setActing(loading !== 'none')
    if (loading === 'container') setWaiting(true)
    void act(action, from).finally(() => {
      setActing(false)
      if (loading === 'container') setWaiting(false)
    })
  }
  return { perform, acting, disabled }
}

/** The property as an action; undefined if it is not one. */
export function toWidgetAction(value: unknown): WidgetAction | undefined {
  return typeof value === 'object' && value !== null && 'type' in value ? (value as WidgetAction) : undefined
}

export function isNode(value: unknown): value is WidgetNode {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** A property as text. Numbers are converted; anything else is undefined. */
export function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

/** A property as one word for a class name; undefined if it is anything else, so that no widget looks like what is not its own. */
export function toWord(value: unknown): string | undefined {
  const text = toText(value)
  return text !== undefined && /^[\w-]+$/.test(text) ? text : undefined
}

/** The children of a node as a list; the property may be a list, one node or absent. */
export function listChildren({ children }: WidgetNode): WidgetNode[] {
  return (Array.isArray(children) ? children : [children]).filter(isNode)
}
