import type { Fork } from '#lib/chatkit/protocol/thread.ts'
import { toPlainText } from '#lib/chatkit-element/state/plain-text.ts'
import type { TurnGroup } from '#lib/chatkit-element/state/turn-groups.ts'
import { holdFocus } from '#lib/chatkit-element/views/hold-focus.ts'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { CopyAction } from '#lib/chatkit-element/views/thread/actions/copy-action.tsx'
import { PinAction } from '#lib/chatkit-element/views/thread/actions/pin-action.tsx'
import { MessageTime } from '#lib/chatkit-element/views/thread/message-time.tsx'
import { VersionSwitch } from '#lib/chatkit-element/views/thread/version-switch.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Props = {
  group: TurnGroup
  isLast: boolean
  busy: boolean
  feedback: 'positive' | 'negative' | undefined
  /** The versions of the answer, if there are several. */
  fork: Fork | undefined
}

/**
 * The actions on an answer. A retry removes everything after the question, so only the last answer
 * offers it.
 */
export function TurnActions({ group, isLast, busy, feedback, fork }: Props) {
  const { chat, options, strings } = useUi()
  const { feedback: withFeedback = false, retry: withRetry = false } = options.threadItemActions ?? {}
  const { question, answer, key } = group
  const text = toPlainText(answer)
  const give = (kind: 'positive' | 'negative') =>
    chat.actions.giveFeedback(
      key,
      answer.map(({ id }) => id),
      kind,
    )
  const thumb = (kind: 'positive' | 'negative', icon: string, label: string) => (
    <IconButton icon={icon} size={16} label={label} aria-pressed={feedback === kind} onClick={() => void give(kind)} />
  )
  return (
    <div part="actions" class={`actions ${isLast ? 'is-last' : ''}`}>
      {fork && <VersionSwitch fork={fork} busy={busy} />}
      {text && <CopyAction text={text} />}
      <PinAction items={answer} />
      {withFeedback && feedback !== 'negative' && thumb('positive', 'thumbs-up', strings.feedbackGood)}
      {withFeedback && feedback !== 'positive' && thumb('negative', 'thumbs-down', strings.feedbackBad)}
      {withRetry && isLast && question && !busy && (
        <IconButton
          icon="reload"
          size={16}
          label={strings.retry}
          onClick={({ currentTarget }) => void holdFocus(currentTarget, chat, chat.retry(question.id))}
        />
      )}
      <MessageTime at={answer.at(-1)?.created_at} />
    </div>
  )
}
