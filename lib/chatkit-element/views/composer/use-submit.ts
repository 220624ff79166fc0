import { isBusy } from '#lib/chatkit-element/chat-state.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/**
 * Sends the draft, if it is not empty and the chat can take a message. If a file has failed, shows
 * that as the reason instead.
 */
export function useSubmit(): () => void {
  const { chat, strings } = useUi()
  return () => {
    const state = chat.state.value
    if (chat.composer.hasFailedFile) {
      const refusal = chat.composer.hasOnlyRefusedFiles ? strings.removeRefusedFiles : strings.removeFailedFiles
      return chat.composer.state.patch({ refusal })
    }
    if (!chat.composer.isReady || isBusy(state) || state.phase === 'loading') return
    chat.suggestions.close()
    const model = chat.composer.modelId()
    const { toolId, content, attachments, quotedText } = chat.composer.take()
    void chat.send({
      content,
      attachments: attachments as never,
      quotedText,
      inference: { ...(toolId && { tool_choice: { id: toolId } }), ...(model && { model }) },
    })
  }
}
