import { useEffect, useState } from 'preact/hooks'
import { copyText } from '#lib/chatkit-element/copy-text.ts'
import { toPlainText } from '#lib/chatkit-element/state/plain-text.ts'
import type { TurnGroup } from '#lib/chatkit-element/state/turn-groups.ts'
import { holdFocus } from '#lib/chatkit-element/views/hold-focus.ts'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Props = { group: TurnGroup; isLast: boolean; busy: boolean; feedback: 'positive' | 'negative' | undefined }

/**
 * The actions on an answer. A retry removes everything after the question, so only the last answer
 * offers it.
 */
export function TurnActions({ group, isLast, busy, feedback }: Props) {
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
    <div class={`actions ${isLast ? 'is-last' : ''}`}>
      {text && <CopyButton text={text} />}
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
    </div>
  )
}

function CopyButton({ text }: { text: string }) {
  const { strings } = useUi()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <>
      <IconButton
        icon={copied ? 'check' : 'copy'}
        size={16}
        label={copied ? strings.copied : strings.copy}
        onClick={async () => setCopied(await copyText(text))}
      />
      <span class="sr-only" role="status">
        {copied ? strings.copied : ''}
      </span>
    </>
  )
}
