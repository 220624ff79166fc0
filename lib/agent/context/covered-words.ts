import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

/** What a person or the assistant said in an item; empty for other items. */
export function saidIn(item: ThreadItem): string {
  if (item.type === 'assistant_message') return item.content.map(({ text }) => text).join('\n\n')
  if (item.type !== 'user_message') return ''
  const text = item.content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('')
  const files = item.attachments.map(({ name }) => `[attached: ${JSON.stringify(name)}]`)
  return [item.quoted_text && `> ${item.quoted_text}`, text, ...files].filter(Boolean).join('\n')
}
