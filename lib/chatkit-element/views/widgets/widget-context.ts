import { type ComponentChildren, createContext } from 'preact'
import { useContext, useState } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { WidgetAction } from '#lib/chatkit-element/chat.ts'

type WidgetScope = {
  /** Performs an action with the values of the form it came from; ends when the answer to it has. Never throws. */
  act: (action: WidgetAction, from: Element) => Promise<void>
  /** The whole widget waits for the end of an action. */
  waiting: boolean
  setWaiting: (waiting: boolean) => void
  /** An answer is being written: actions that would ask for another one have to wait. */
  busy: boolean
  imageDomains: readonly string[]
  /** The id of a form control, for its label; whether the widget has a label for it. */
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
 * An action of a component: how to perform it, whether it is under way, and whether it has to wait. `auto` is what the
 * component does where the action leaves it open: turn itself, stop the whole widget, or show nothing (section 1.12).
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

/** A property of a node that must be an action to be one. */
export function actionOf(value: unknown): WidgetAction | undefined {
  return typeof value === 'object' && value !== null && 'type' in value ? (value as WidgetAction) : undefined
}

export function isNode(value: unknown): value is WidgetNode {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** A property as text; numbers count as text, anything else as absent. */
export function str(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

/** The children of a node, of which there may be a list, one or none. */
export function childrenOf({ children }: WidgetNode): WidgetNode[] {
  return (Array.isArray(children) ? children : [children]).filter(isNode)
}
