import { useLayoutEffect, useState } from 'preact/hooks'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import { toDuration } from '#lib/chatkit-element/language/time.ts'
import { useSubmit } from '#lib/chatkit-element/views/composer/use-submit.ts'
import { holdFocus } from '#lib/chatkit-element/views/hold-focus.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The error message, with the one action that may help. */
export function Failure({ state }: { state: ChatState }) {
  const { chat, strings, locale } = useUi()
  const submit = useSubmit()
  const { failure, items } = state.view
  const wait = useSecondsUntil(failure?.notBefore ?? 0)
  if (!failure) return null
  const question = items.findLast((item) => item.type === 'user_message')
  const again = {
    answer: () => question && chat.retry(question.id),
    unsent: () => chat.sender.sendAgain(),
    draft: () => submit(),
    attach: () => chat.reconnect(),
    load: () => chat.reconnect(),
  }
  const { retry } = failure
  return (
    <div part="failure" class="failure">
      <Icon name="circle-alert" />
      <div class="failure-text" role="alert">
        <p dir="auto">{failure.message ?? strings.failed}</p>
      </div>
      {retry && !isBusy(state) && (retry !== 'answer' || question) && (
        <button
          type="button"
          class="button"
          disabled={wait > 0}
          onClick={({ currentTarget }) => void holdFocus(currentTarget, chat, again[retry]())}
        >
          {retry === 'answer' ? strings.retry : strings.tryAgain}
          {wait > 0 && <small>{toDuration(wait, locale)}</small>}
        </button>
      )}
      <IconButton
        icon="close"
        size={16}
        label={strings.dismiss}
        onClick={({ currentTarget }) => void holdFocus(currentTarget, chat, chat.dismissFailure())}
      />
    </div>
  )
}

/** Counts down the seconds to a moment (ms since 1970); 0 once it has passed. */
function useSecondsUntil(moment: number): number {
  const [seconds, setSeconds] = useState(0)
  useLayoutEffect(() => {
    const count = () => {
      setSeconds(Math.max(0, Math.ceil((moment - Date.now()) / 1000)))
      if (moment <= Date.now()) clearInterval(timer)
    }
    const timer = setInterval(count, 500)
    count()
    return () => clearInterval(timer)
  }, [moment])
  return seconds
}
