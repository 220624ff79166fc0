import type { TurnOutcome, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { holdFocus } from '#lib/chatkit-element/views/hold-focus.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Props = { question: UserMessageItem; outcome: TurnOutcome; canRetry: boolean }

/** Marks an unfinished turn, on every device, until a later attempt succeeds. */
export function TurnMark({ question, outcome: { status, message, allow_retry }, canRetry }: Props) {
  const { chat, strings } = useUi()
  const isStopped = status === 'stopped'
  return (
    <div class={`failure turn-mark ${isStopped ? 'is-stopped' : ''}`}>
      <Icon name={isStopped ? 'square' : 'circle-alert'} />
      <p class="failure-text" dir="auto">
        {message ?? (isStopped ? strings.stopped : strings.failed)}
      </p>
      {canRetry && allow_retry && (
        <button
          type="button"
          class="button"
          onClick={({ currentTarget }) => void holdFocus(currentTarget, chat, chat.retry(question.id))}
        >
          {strings.retry}
        </button>
      )}
    </div>
  )
}
