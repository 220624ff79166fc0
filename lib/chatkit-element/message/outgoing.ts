import type { UserMessageContent as PublicContent } from '@openai/chatkit'
import type { Attachment, InferenceOptions, UserMessageContent, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { makeLocalId } from '#lib/chatkit-element/state/view.ts'

/** A message to be sent, from the composer or from the page. */
export type Outgoing = {
  content: readonly PublicContent[]
  attachments?: Attachment[]
  quotedText?: string
  inference?: InferenceOptions
}

/**
 * The message in two forms: the `item` to show until the server confirms it, and the `input` to
 * send. `id` is the request id.
 */
export function toOutgoing(
  message: Outgoing,
  threadId: string | null,
  id: string,
): { item: UserMessageItem; input: object } {
  const { attachments = [], quotedText = '', inference = {} } = message
  const content = message.content.map(wireContent)
  const item: UserMessageItem = {
    type: 'user_message',
    id: makeLocalId(id),
    thread_id: threadId ?? '',
    created_at: new Date().toISOString(),
    content,
    attachments,
    inference_options: inference,
    ...(quotedText && { quoted_text: quotedText }),
  }
  const input = {
    content,
    attachments: attachments.map(({ id }) => id),
    quoted_text: quotedText || null,
    inference_options: inference,
  }
  return { item, input }
}

function wireContent(part: PublicContent): UserMessageContent {
  return part.type === 'input_text' ? part : { ...part, data: part.data ?? {}, interactive: part.interactive ?? false }
}
