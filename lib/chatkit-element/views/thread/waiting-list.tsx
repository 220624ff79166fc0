import type { WaitingMessage } from '#lib/chatkit/protocol/thread.ts'
import { isLocal } from '#lib/chatkit-element/state/view.ts'
import { holdFocus } from '#lib/chatkit-element/views/hold-focus.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { MessageFiles, MessageText } from '#lib/chatkit-element/views/thread/message-body.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The messages that are sent after the running answer, under the conversation. */
export function WaitingList({ waiting }: { waiting: readonly WaitingMessage[] }) {
  const { strings } = useUi()
  if (waiting.length === 0) return null
  return (
    <ul class="waiting" aria-label={strings.waitingMessages}>
      {waiting.map((one) => (
        <Waiting key={one.message.request_id ?? one.message.id} one={one} />
      ))}
    </ul>
  )
}

function Waiting({ one: { message, is_held, note } }: { one: WaitingMessage }) {
  const { chat, strings } = useUi()
  const isOnItsWay = isLocal(message) && !is_held
  return (
    <li class="question">
      <MessageFiles item={message} />
      <MessageText item={message} />
      <div class={`waiting-state ${is_held ? 'is-held' : ''}`}>
        <p dir="auto">
          <Icon name={is_held ? 'circle-alert' : 'clock'} size={15} />
          <span>
            {is_held ? strings.notSent : note === undefined && strings.waits} {note && <bdi>{note}</bdi>}
          </span>
        </p>
        {is_held && (
          <button
            type="button"
            class="button"
            onClick={({ currentTarget }) => void holdFocus(currentTarget, chat, chat.waiting.send(message.id))}
          >
            {strings.sendNow}
          </button>
        )}
        <button
          type="button"
          class="button"
          disabled={isOnItsWay}
          onClick={({ currentTarget }) => void holdFocus(currentTarget, chat, chat.waiting.takeBack(message.id))}
        >
          {strings.takeBackWaiting}
        </button>
      </div>
    </li>
  )
}
