import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'

/** What items say in words: the Markdown of answers and the copy text of widgets. For the clipboard. */
export function plainText(items: readonly ThreadItem[]): string {
  return items
    .flatMap((item) => {
      if (item.type === 'assistant_message') return item.content.map((part) => part.text)
      return item.type === 'widget' && item.copy_text ? [item.copy_text] : []
    })
    .filter((text) => text.trim())
    .join('\n\n')
}

const SPOKEN_MAX = 2_000

/** What items say, without the marks of Markdown and no longer than a listener will bear. */
export function spokenText(items: readonly ThreadItem[]): string {
  const text = plainText(items)
    .replace(/^\s*(?:```|~~~).*$/gm, '')
    .replace(/\[\^[^\]\s]+\]:?/g, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^[ \t]*(?:#{1,6} |> |[-*+] (?:\[[ x]\] )?)/gm, '')
    .replace(/^\|?[ :|-]+\|?$/gm, '')
    .replace(/\*\*|__|~~|`|\|/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return text.length > SPOKEN_MAX ? `${text.slice(0, SPOKEN_MAX)}…` : text
}

/** A person's message as one text, tags as `@name`. */
export function messageText(item: Pick<UserMessageItem, 'content'>): string {
  return item.content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('')
}
