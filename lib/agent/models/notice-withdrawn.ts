import type { ModelChoice } from '#lib/agent/models/catalog/model-choice.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import { forgetThreadModelChoice } from '#lib/data/chat/model-choices.ts'

/**
 * Tells the person, once in a thread, that the model that they chose for it is no longer offered to
 * them, and which one answers. From then on the thread follows their default.
 */
export async function* noticeWithdrawn(
  caller: { userId: string },
  threadId: string,
  { withdrawn, choice }: { withdrawn?: string | undefined; choice: ModelChoice },
): AsyncGenerator<Notice> {
  if (withdrawn === undefined) return
  await forgetThreadModelChoice(caller, threadId, withdrawn)
  const message = `The model of this conversation is no longer offered. ${choice.model.name} answers.`
  yield { type: 'notice', level: 'info', title: 'Another model answers', message }
}
