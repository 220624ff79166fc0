import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

/** The text of items for the clipboard: the Markdown of answers and the copy text of widgets. */
export function toPlainText(items: readonly ThreadItem[]): string {
  return items
    .flatMap((item) => {
      if (item.type === 'assistant_message') return item.content.map((part) => part.text)
      return item.type === 'widget' && item.copy_text ? [item.copy_text] : []
    })
    .filter((text) => text.trim())
    .join('\n\n')
}

const SPOKEN_MAX = 2_000

/** The text of items for screen readers: without Markdown syntax, cut to 2,000 characters. */
export function toSpokenText(items: readonly ThreadItem[]): string {
  const text = toPlainText(items)
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
