import type { TagContent } from '#lib/chatkit/protocol/items.ts'

/** Before an assistant's slug in the id of a choice in the composer. */
const CHOICE_MARK = 'assistant:'

/** What a message says of whom it is for, as it is sent and as it is stored. */
type Message = {
  content: readonly ({ type: 'input_text' } | Pick<TagContent, 'type' | 'data'>)[]
  inference_options?: { tool_choice?: { id: string } | null | undefined } | null | undefined
}

/** True for a tag that names an assistant: `@Travel`. */
export function isAssistantTag({ data }: Pick<TagContent, 'data'>): boolean {
  return data.kind === 'assistant'
}

/**
 * The slug of the assistant that a message is for: the last one that it names, or the one that was
 * chosen beside it. A page may send any, so it only says what is asked for.
 */
export function findChosenSlug({ content, inference_options: options }: Message): string | undefined {
  const named = content.findLast((part) => part.type === 'input_tag' && isAssistantTag(part))
  if (named?.type === 'input_tag') return typeof named.data.assistant === 'string' ? named.data.assistant : ''
  const choice = options?.tool_choice?.id
  return choice?.startsWith(CHOICE_MARK) ? choice.slice(CHOICE_MARK.length) : undefined
}
