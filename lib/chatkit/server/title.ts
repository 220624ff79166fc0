import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'

const MAX_TITLE = 200
const MAX_DERIVED = 60

/** A title on one line without control characters, at most 200 characters; may be empty. */
export function cleanTitle(title: string): string {
  // Zero-width joiners stay: some scripts and many emoji need them.
  const visible = title.replace(/(?!\u200c|\u200d|\s)\p{Cf}/gu, '')
  return clip(visible.replace(/[\p{Cc}\s]+/gu, ' ').trim(), MAX_TITLE)
}

/** The text of a person's message, with tags as `@name`. */
export function toMessageText({ content }: Pick<UserMessageItem, 'content'>): string {
  return content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('')
}

/**
 * A title from a thread's first message: its first line, cut to 60 characters at a word boundary;
 * undefined for a message without text.
 */
export function makeTitle({ content }: UserMessageItem): string | undefined {
  const line = toMessageText({ content }).split('\n').map(cleanTitle).find(Boolean)
  return line === undefined ? undefined : clip(line, MAX_DERIVED)
}

function clip(text: string, max: number): string {
  const characters = [...text]
  if (characters.length <= max) return text
  const cut = characters.slice(0, max - 1).join('')
  const word = cut.lastIndexOf(' ')
  return `${(word > max / 2 ? cut.slice(0, word) : cut).trimEnd()}…`
}
