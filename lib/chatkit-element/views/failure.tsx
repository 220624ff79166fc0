/** @jsxImportSource preact */
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import { Icon } from '#lib/chatkit-element/views/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/ui.ts'
import { useSubmit } from '#lib/chatkit-element/views/use-submit.ts'

/** What went wrong, in a sentence, with the one thing that may help. */
export function Failure({ state }: { state: ChatState }) {
  const { chat, strings } = useUi()
  const submit = useSubmit()
  const { failure, items } = state.view
  if (!failure) return null
  const question = items.findLast((item) => item.type === 'user_message')
  const again = {
    answer: () => question && chat.retry(question.id),
    send: () => submit(),
    attach: () => chat.reconnect(),
    load: () => chat.reconnect(),
  }
  const { retry } = failure
  return (
    <div class="failure" role="alert">
      <Icon name="circle-alert" />
      <p dir="auto">{failure.message ?? strings.failed}</p>
      {retry && !isBusy(state) && (retry !== 'answer' || question) && (
        <button type="button" class="button" onClick={() => void again[retry]()}>
          {retry === 'answer' ? strings.retry : strings.tryAgain}
        </button>
      )}
      <IconButton icon="close" size={16} label={strings.dismiss} onClick={() => chat.dismissFailure()} />
    </div>
  )
}
