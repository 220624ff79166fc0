import { useEffect, useRef, useState } from 'preact/hooks'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Fork } from '#lib/chatkit/protocol/thread.ts'
import { toWrittenText } from '#lib/chatkit-element/message/mentions.ts'
import { holdFocus } from '#lib/chatkit-element/views/hold-focus.ts'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { CopyAction } from '#lib/chatkit-element/views/thread/actions/copy-action.tsx'
import { PinAction } from '#lib/chatkit-element/views/thread/actions/pin-action.tsx'
import { MessageTime } from '#lib/chatkit-element/views/thread/message-time.tsx'
import { VersionSwitch } from '#lib/chatkit-element/views/thread/version-switch.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Props = { item: UserMessageItem; fork: Fork | undefined; busy: boolean; onEdit: () => void }

/** The actions on a message of the person. */
export function QuestionActions({ item, fork, busy, onEdit }: Props) {
  const { strings, withVersions } = useUi()
  const [isAsking, setAsking] = useState(false)
  if (isAsking) return <DeleteTurn item={item} onClose={() => setAsking(false)} />
  const text = toWrittenText(item.content)
  return (
    <div part="actions" class="actions">
      <MessageTime at={item.created_at} />
      {fork && <VersionSwitch fork={fork} busy={busy} />}
      {text && <CopyAction text={text} />}
      <PinAction items={[item]} />
      {withVersions && <IconButton icon="write" size={16} label={strings.takeBack} data-edit onClick={onEdit} />}
      {withVersions && !busy && (
        <IconButton icon="trash-2" size={16} label={strings.deleteTurn} onClick={() => setAsking(true)} />
      )}
    </div>
  )
}

/** Asks before a message and its answer are deleted; the Cancel button has the focus. */
function DeleteTurn({ item, onClose }: { item: UserMessageItem; onClose: () => void }) {
  const { chat, strings } = useUi()
  const cancel = useRef<HTMLButtonElement>(null)
  useEffect(() => cancel.current?.focus(), [])
  return (
    <div
      class="delete-turn"
      role="alertdialog"
      aria-label={strings.deleteTurnQuestion}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onClose()
      }}
    >
      <span>{strings.deleteTurnQuestion}</span>
      <button ref={cancel} type="button" class="button" onClick={onClose}>
        {strings.cancel}
      </button>
      <button
        type="button"
        class="button is-danger"
        onClick={({ currentTarget }) => void holdFocus(currentTarget, chat, chat.actions.deleteTurn(item.id))}
      >
        {strings.delete}
      </button>
    </div>
  )
}
