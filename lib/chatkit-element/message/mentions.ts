import type { Entity, UserMessageContent as PublicContent } from '@openai/chatkit'

/**
 * An entity in a message. In the composer's text it is `@` and its name, so that it keeps its place
 * in the sentence.
 */
export type Tag = Extract<PublicContent, { type: 'input_tag' }>

/** The text of a message as it is written in the composer. */
export function toWrittenText(content: readonly PublicContent[]): string {
  return content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('')
}

export function listTags(content: readonly PublicContent[]): Tag[] {
  return content.filter((part) => part.type === 'input_tag')
}

/**
 * Splits the written text into the parts to send: every `@name` of a tag becomes that tag. If two
 * names match, the longer one wins.
 */
export function toContent(written: string, tags: readonly Tag[]): PublicContent[] {
  const text = written.trim()
  const byLength = tags.toSorted((a, b) => b.text.length - a.text.length)
  const parts: PublicContent[] = []
  let from = 0
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const tag = byLength.find((one) => text.startsWith(one.text, at + 1))
    if (!tag) continue
    if (at > from) parts.push({ type: 'input_text', text: text.slice(from, at) })
    parts.push(tag)
    from = at + 1 + tag.text.length
    at = from - 1
  }
  if (from < text.length) parts.push({ type: 'input_text', text: text.slice(from) })
  return parts
}

/** The tags whose names are still in the text, each once. */
export function listMentionedTags(written: string, tags: readonly Tag[]): Tag[] {
  return [...new Set(listTags(toContent(written, tags)))]
}

/** The text without a tag's name. */
export function removeMention(written: string, tag: Tag): string {
  return written.replaceAll(`@${tag.text}`, '').replace(/ {2,}/g, ' ')
}

export function toTag({ id, title, group, data, interactive = false }: Entity): Tag {
  return { type: 'input_tag', id, text: title, interactive, ...(group && { group }), ...(data && { data }) }
}

/** The entity of a tag, in the page's form. */
export function toEntity({ id, text, group, data, interactive }: Omit<Tag, 'type'>): Entity {
  return {
    id,
    title: text,
    ...(group && { group }),
    ...(data && { data: data as Record<string, string> }),
    ...(interactive && { interactive }),
  }
}
