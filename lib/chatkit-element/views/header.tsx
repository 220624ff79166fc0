import { useSignal } from '#lib/chatkit-element/signal.ts'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The conversation's title between the buttons for history and a new chat. */
export function Header() {
  const { chat, options, strings, rightActionLabel, shareLabel } = useUi()
  const { view } = useSignal(chat.state)
  const { header, history } = options
  if (header?.enabled === false) return null
  const title = header?.title?.text ?? view.thread?.title ?? ''
  return (
    <header part="header" class="header">
      {header?.leftAction && (
        <IconButton
          icon={header.leftAction.icon}
          label={strings.leftAction}
          onClick={() => header.leftAction?.onClick()}
        />
      )}
      {history?.enabled !== false && (
        <IconButton
          icon="history"
          label={strings.history}
          aria-haspopup="dialog"
          onClick={() => chat.history.show()}
          data-opens-history
        />
      )}
      {header?.title?.enabled === false ? (
        <div part="title" class="header-title" />
      ) : (
        <h2 part="title" class="header-title" dir="auto">
          {title || <span class="sr-only">{strings.untitled}</span>}
        </h2>
      )}
      {shareLabel && view.thread && (
        <IconButton
          icon="share"
          label={shareLabel}
          aria-haspopup="dialog"
          onClick={({ currentTarget }) =>
            currentTarget.dispatchEvent(new Event('switchboard.share', { bubbles: true, composed: true }))
          }
        />
      )}
      <IconButton
        icon="compose"
        label={strings.newChat}
        onClick={() => {
          void chat.open(null)
          chat.composer.focus()
        }}
      />
      {header?.rightAction && (
        <IconButton
          icon={header.rightAction.icon}
          label={rightActionLabel ?? strings.rightAction}
          onClick={() => header.rightAction?.onClick()}
        />
      )}
    </header>
  )
}
