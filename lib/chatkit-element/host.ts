import type { ChatKitEvents, ChatKitOptions } from '@openai/chatkit'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import type { DraftStore } from '#lib/chatkit-element/message/draft-store.ts'

type Detail<K extends keyof ChatKitEvents> = ChatKitEvents[K]['detail']

/** What the chat needs of the element it lives in. */
export type Host = {
  /** The newest options; callbacks in them are always the page's newest. */
  options(): ChatKitOptions
  strings(): Strings
  locale(): string
  /** Where drafts outlive the page; null where the page does not want that. */
  drafts(): DraftStore | null
  emit<K extends keyof ChatKitEvents>(name: K, ...detail: Detail<K> extends void ? [] : [Detail<K>]): void
}

/** Where the page's server is. */
export function endpoint(host: Host): { url: string; fetch?: typeof fetch } {
  const { api } = host.options()
  // setOptions has seen to it.
  if (!('url' in api)) throw new Error('api.url is missing.')
  return { url: api.url, ...(api.fetch && { fetch: api.fetch }) }
}
