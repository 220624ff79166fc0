import { useRef, useState } from 'preact/hooks'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Fork } from '#lib/chatkit/protocol/thread.ts'
import { toEntity } from '#lib/chatkit-element/message/mentions.ts'
import { AttachmentChip } from '#lib/chatkit-element/views/files/attachment-chip.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { EntityPill } from '#lib/chatkit-element/views/items/entity-pill.tsx'
import { EditMessage } from '#lib/chatkit-element/views/thread/edit-message.tsx'
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
    <div ref={field} class={`question ${state === 'sent' ? '' : 'is-pending'}`}>
      <h3 class="sr-only">{label}</h3>
      {item.attachments.length > 0 && (
        <ul class="attachments">
          {item.attachments.map((attachment) => (
            <li key={attachment.id}>
              <AttachmentChip attachment={attachment} />
            </li>
          ))}
        </ul>
      )}
      {isEditing && <EditMessage item={item} onClose={close} />}
      {!isEditing && (item.content.length > 0 || item.quoted_text) && (
        <div class="bubble" dir="auto">
          {item.quoted_text && <blockquote class="quote">{item.quoted_text}</blockquote>}
          {item.content.map((part, at) =>
            part.type === 'input_tag' ? (
              <EntityPill key={at} entity={toEntity(part)} />
            ) : (
              <span key={at}>{part.text}</span>
            ),
          )}
        </div>
      )}
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
