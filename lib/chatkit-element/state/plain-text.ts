import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'

/** What items say in words: the Markdown of answers and the copy text of widgets. For the clipboard and for screen readers. */
export function plainText(items: readonly ThreadItem[]): string {
  return items
    .flatMap((item) => {
      if (item.type === 'assistant_message') return item.content.map((part) => part.text)
      return item.type === 'widget' && item.copy_text ? [item.copy_text] : []
    })
    .filter((text) => text.trim())
    .join('\n\n')
}

/** A person's message as one text, tags as `@name`. */
export function messageText(item: Pick<UserMessageItem, 'content'>): string {
  return item.content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('')
}
