import type { ChatKitEvents, ChatKitOptions } from '@openai/chatkit'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import type { DraftStore } from '#lib/chatkit-element/message/draft-store.ts'

type Detail<K extends keyof ChatKitEvents> = ChatKitEvents[K]['detail']

/** What the chat needs from the element that contains it. */
export type Host = {
  /** The current options; their callbacks are always the page's newest. */
  options(): ChatKitOptions
  strings(): Strings
  locale(): string
  /** The store for drafts that outlive the page; null if the page does not want one. */
  drafts(): DraftStore | null
  emit<K extends keyof ChatKitEvents>(name: K, ...detail: Detail<K> extends void ? [] : [Detail<K>]): void
}

/** The address of the page's server, and the page's own `fetch` if it has one. */
export function findEndpoint(host: Host): { url: string; fetch?: typeof fetch } {
  const { api } = host.options()
  // setOptions has checked this.
  if (!('url' in api)) throw new Error('api.url is missing.')
  return { url: api.url, ...(api.fetch && { fetch: api.fetch }) }
}
