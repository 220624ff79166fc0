import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { UserMessageInput } from '#lib/chatkit/protocol/requests.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import { loadAttachments, requireShort } from '#lib/chatkit/server/operations/require.ts'
import { toWireAttachment } from '#lib/chatkit/server/operations/wire.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * A person's message as an item that is not stored yet. Throws bad_request for an empty message,
 * too_large, and what `loadAttachments` and `checkMessage` throw.
 */
export async function toMessage<Context>(
  deps: Deps<Context>,
  threadId: string,
  input: UserMessageInput,
  requestId?: string,
): Promise<UserMessageItem> {
  const { content, quoted_text, inference_options: chosen } = input
  requireShort([...content.flatMap(textsOf), quoted_text ?? ''], deps.limits.messageMaxChars)
  if (!input.attachments.length && !content.some((part) => part.type === 'input_tag' || part.text.trim()))
    throw new AppError('bad_request', 'params.input.content: the message is empty.')
  await deps.checkMessage?.(input)
  const attachments = await loadAttachments(deps, input.attachments, threadId)
  return {
    id: deps.store.newItemId('message', requestId),
    thread_id: threadId,
    created_at: new Date().toISOString(),
    type: 'user_message',
    content: content.map((part) => {
      if (part.type === 'input_text') return part
      const { group, ...tag } = part
      return group == null ? tag : { ...tag, group }
    }),
    attachments: attachments.map((attachment) => ({ ...toWireAttachment(attachment), thread_id: threadId })),
    ...(quoted_text != null && { quoted_text }),
    inference_options: {
      ...(chosen?.tool_choice && { tool_choice: chosen.tool_choice }),
      ...(chosen?.model != null && { model: chosen.model }),
    },
    ...(requestId !== undefined && { request_id: requestId }),
  }
}

/** Every text of a part that reaches the model. */
function textsOf(part: UserMessageInput['content'][number]): string[] {
  if (part.type === 'input_text') return [part.text]
  return [part.text, ...(Object.keys(part.data).length > 0 ? [JSON.stringify(part.data)] : [])]
}
