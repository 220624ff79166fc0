import { findPromptServer } from '#lib/agent/input/message-offers.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

/** What a person or the assistant said in an item; empty for other items. */
export function saidIn(item: ThreadItem): string {
  if (item.type === 'assistant_message') return item.content.map(({ text }) => text).join('\n\n')
  if (item.type !== 'user_message') return ''
  const text = item.content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('')
  const files = item.attachments.map(({ name }) => `[attached: ${JSON.stringify(name)}]`)
  const servers = item.content.flatMap((part) => (part.type === 'input_tag' ? (findPromptServer(part) ?? []) : []))
  const prompts = servers.map((server) => `[a prompt of the server ${JSON.stringify(server)}, in its words:]`)
  return [item.quoted_text && `> ${item.quoted_text}`, ...prompts, text, ...files].filter(Boolean).join('\n')
}

/** Marks each line of an entry but the first, so that none can pass for words of another speaker. */
export function markLines(entry: string): string {
  return entry.replace(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/g, '\n| ')
}
