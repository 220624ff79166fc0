import { useRef, useState } from 'preact/hooks'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Fork } from '#lib/chatkit/protocol/thread.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { PinMark } from '#lib/chatkit-element/views/thread/actions/pin-action.tsx'
import { EditMessage } from '#lib/chatkit-element/views/thread/edit-message.tsx'
import { MessageFiles, MessageText } from '#lib/chatkit-element/views/thread/message-body.tsx'
import { QuestionActions } from '#lib/chatkit-element/views/thread/question-actions.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Props = {
  item: UserMessageItem
  label: string
  state: 'sent' | 'pending' | 'unsent'
  /** True if the error is already shown below, with the button that sends the message again. */
  isTold: boolean
  busy: boolean
  /** The versions of the message, if there are several. */
  fork: Fork | undefined
}

/** The person's message as they wrote it: plain text, never Markdown. */
export function UserMessage({ item, label, state, isTold, busy, fork }: Props) {
  const [isEditing, setEditing] = useState(false)
  const field = useRef<HTMLDivElement>(null)
  const close = () => {
    setEditing(false)
    requestAnimationFrame(() => field.current?.querySelector<HTMLElement>('.actions [data-edit]')?.focus())
  }
  return (
    <div ref={field} part="question" class={`question ${state === 'sent' ? '' : 'is-pending'}`}>
      <h3 class="sr-only">{label}</h3>
      <MessageFiles item={item} />
      {isEditing && <EditMessage item={item} onClose={close} />}
      {!isEditing && <MessageText item={item} />}
      <PinMark items={[item]} />
      {state === 'sent' && !isEditing && (
        <QuestionActions item={item} fork={fork} busy={busy} onEdit={() => setEditing(true)} />
      )}
      {state === 'unsent' && <Unsent itemId={item.id} isTold={isTold} />}
    </div>
  )
}

/** Says that the server does not have the message, and offers to send it again or edit it. */
function Unsent({ itemId, isTold }: { itemId: string; isTold: boolean }) {
  const { chat, strings } = useUi()
  return (
    <p class="unsent">
      <Icon name="circle-alert" size={16} />
      {strings.notSent}
      {!isTold && (
        <button type="button" class="button" onClick={() => void chat.sender.sendAgain(itemId)}>
          {strings.sendAgain}
        </button>
      )}
      <button type="button" class="button" onClick={() => chat.sender.takeBack(itemId)}>
        {strings.takeBack}
      </button>
    </p>
  )
}
