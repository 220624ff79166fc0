import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import type { Outgoing } from '#lib/chatkit-element/message/outgoing.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/**
 * Sends the draft, if it is not empty and the chat can take a message; while an answer runs, it waits for
 * the end of that. If a file has failed, shows
 * that as the reason instead.
 */
export function useSubmit(): () => void {
  const { chat, strings, withWaiting } = useUi()
  return () => {
    const state = chat.state.value
    if (chat.composer.hasFailedFile) {
      const refusal = chat.composer.hasOnlyRefusedFiles ? strings.removeRefusedFiles : strings.removeFailedFiles
      return chat.composer.state.patch({ refusal })
    }
    const waits = isBusy(state)
    if (!chat.composer.isReady || state.phase === 'loading' || (waits && !mayWait(state, withWaiting))) return
    chat.suggestions.close()
    const model = chat.composer.modelId()
    const { toolId, content, attachments, quotedText } = chat.composer.take()
    const message: Outgoing = {
      content,
      attachments: attachments as never,
      quotedText,
      inference: { ...(toolId && { tool_choice: { id: toolId } }), ...(model && { model }) },
    }
    void (waits ? chat.waiting.add(message) : chat.send(message))
  }
}

/** True if a message may wait for the end of the running answer, which needs a thread that the server has. */
export function mayWait({ view }: ChatState, withWaiting: boolean): boolean {
  return withWaiting && view.thread?.status.type === 'active'
}
