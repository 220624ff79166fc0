import { Component } from 'preact'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { TurnForks } from '#lib/chatkit-element/state/find-forks.ts'
import { isEarlierMessages } from '#lib/chatkit-element/state/is-earlier-messages.ts'
import type { TurnGroup } from '#lib/chatkit-element/state/turn-groups.ts'
import { isLocal } from '#lib/chatkit-element/state/view.ts'
import { Guard } from '#lib/chatkit-element/views/guard.tsx'
import { PinMark } from '#lib/chatkit-element/views/thread/actions/pin-action.tsx'
import { AnswerItem } from '#lib/chatkit-element/views/thread/answer-item.tsx'
import { TurnActions } from '#lib/chatkit-element/views/thread/turn-actions.tsx'
import { TurnMark } from '#lib/chatkit-element/views/thread/turn-mark.tsx'
import { UserMessage } from '#lib/chatkit-element/views/thread/user-message.tsx'
import type { Ui } from '#lib/chatkit-element/views/use-ui.ts'

export type TurnViewProps = {
  group: TurnGroup
  ui: Ui
  open: ReadonlySet<string>
  imageProgress: ReadonlyMap<string, number>
  imageDomains: readonly string[]
  isLast: boolean
  busy: boolean
  /** True if the turn's error is already shown below it. */
  isTold: boolean
  feedback: 'positive' | 'negative' | undefined
  forks: TurnForks
}

/**
 * One turn: the person's message and its answer. Renders again only if something in it has changed.
 */
export class TurnView extends Component<TurnViewProps> {
  override shouldComponentUpdate(next: TurnViewProps): boolean {
    const now = this.props
    return !(
      next.group === now.group &&
      next.open === now.open &&
      next.ui === now.ui &&
      next.imageProgress === now.imageProgress &&
      next.imageDomains === now.imageDomains &&
      next.isLast === now.isLast &&
      next.busy === now.busy &&
      next.isTold === now.isTold &&
      next.feedback === now.feedback &&
      next.forks.question === now.forks.question &&
      next.forks.answer === now.forks.answer
    )
  }

  override render(props: TurnViewProps) {
    const { group, ui, open, imageProgress, imageDomains, isLast, busy, isTold, feedback, forks } = props
    const { question, answer } = group
    const isWriting = isLast && busy
    return (
      <section class={`turn ${isLast ? 'is-last' : ''}`}>
        {question && (
          <UserMessage
            item={question}
            label={ui.strings.youSaid}
            state={stateOf(question, isWriting)}
            isTold={isTold}
            busy={busy}
            fork={forks.question}
          />
        )}
        {answer.length > 0 && (
          <div part="answer" class="answer">
            <h3 class="sr-only">{ui.strings.assistantSaid}</h3>
            {answer.map((item) => (
              <Guard key={item.id}>
                <AnswerItem
                  item={item}
                  isOpen={open.has(item.id)}
                  busy={busy}
                  progress={imageProgress.get(item.id)}
                  imageDomains={imageDomains}
                />
              </Guard>
            ))}
          </div>
        )}
        <PinMark items={answer} />
        {question?.outcome && !isWriting && !isTold && (
          <TurnMark question={question} outcome={question.outcome} canRetry={isLast && !busy} />
        )}
        {!isWriting && (forks.answer || answer.some((item) => !isEarlierMessages(item))) && (
          <TurnActions group={group} isLast={isLast} busy={busy} feedback={feedback} fork={forks.answer} />
        )}
      </section>
    )
  }
}

function stateOf(question: UserMessageItem, isWriting: boolean): 'sent' | 'pending' | 'unsent' {
  if (!isLocal(question)) return 'sent'
  return isWriting ? 'pending' : 'unsent'
}
