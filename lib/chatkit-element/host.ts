import type { ChatKitEvents, ChatKitOptions } from '@openai/chatkit'
import type { Strings } from '#lib/chatkit-element/strings.ts'

type Detail<K extends keyof ChatKitEvents> = ChatKitEvents[K]['detail']

/** What the chat needs of the element it lives in. */
export type Host = {
  /** The newest options; callbacks in them are always the page's newest. */
  options(): ChatKitOptions
  strings(): Strings
  locale(): string
  emit<K extends keyof ChatKitEvents>(name: K, ...detail: Detail<K> extends void ? [] : [Detail<K>]): void
}
