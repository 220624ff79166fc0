import type { ChatKitOptions } from '@openai/chatkit'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Chat } from '#lib/chatkit-element/chat.ts'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'

/**
 * What every view may need. It is replaced only when the page sets other options or the language
 * changes.
 */
export type Ui = {
  chat: Chat
  options: ChatKitOptions
  strings: Strings
  locale: string
  /** The address below which the page's server describes tool calls; null if it does not. */
  callsUrl: string | null
  /** The address below which the page's server has the files of messages; null if they do not open. */
  filesUrl: string | null
  /** What the page calls the button at the right of the header; null if it says nothing. */
  rightActionLabel: string | null
  /** What the page calls the button that shares the open conversation; null if there is none. */
  shareLabel: string | null
  /** True if the server keeps what is edited and answered again (`data-versions`). */
  withVersions: boolean
  /** True if the server keeps messages that wait for the end of an answer (`data-waiting`). */
  withWaiting: boolean
  /** True if the server keeps pinned messages in the context (`data-pins`). */
  withPins: boolean
}

export const UiContext = createContext<Ui | null>(null)

export function useUi(): Ui {
  const ui = useContext(UiContext)
  if (!ui) throw new Error('This view stands outside of the app.')
  return ui
}
