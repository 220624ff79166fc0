import { createContext } from 'preact'
import type { WidgetAction } from '#lib/chatkit-element/chat.ts'

type WidgetScope = {
  /** Performs an action; the element it came from decides which form's values go with it. */
  act: (action: WidgetAction, from: Element) => void
  waiting: boolean
  imageDomains: readonly string[]
}

export const WidgetContext = createContext<WidgetScope>({ act: () => undefined, waiting: false, imageDomains: [] })
