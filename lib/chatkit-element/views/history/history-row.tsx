import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ChatEntry } from '#lib/chatkit-element/history/history.ts'
import { toExactTime, toRelativeTime } from '#lib/chatkit-element/language/time.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { Menu } from '#lib/chatkit-element/views/menu.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** One chat of the history: a click opens it, its menu renames or deletes it. */
export function HistoryRow({
  entry,
  isCurrent,
  onDelete,
}: {
  entry: ChatEntry
  isCurrent: boolean
  onDelete: () => void
}) {
  const { chat, options, strings, locale } = useUi()
  const [renaming, setRenaming] = useState(false)
  const { showRename = true, showDelete = true } = options.history ?? {}
  const title = entry.title || strings.untitled
  const open = () => {
    chat.history.hide()
    if (!isCurrent) void chat.open(entry.id)
  }
  if (renaming) return <RenameForm entry={entry} onClose={() => setRenaming(false)} />
  const items = [
    ...(showRename ? [{ id: 'rename', label: strings.rename, icon: 'write', onSelect: () => setRenaming(true) }] : []),
    ...(showDelete ? [{ id: 'delete', label: strings.delete, icon: 'trash-2', danger: true, onSelect: onDelete }] : []),
  ]
  return (
    <li part="history-row" class={`history-row ${isCurrent ? 'is-current' : ''}`}>
      <button type="button" class="history-open" onClick={open} {...(isCurrent && { 'aria-current': 'true' })}>
        <span class="history-title" dir="auto">
          {title}
        </span>
        <time dateTime={entry.created_at} title={toExactTime(entry.created_at, locale)}>
          {toRelativeTime(entry.created_at, locale)}
        </time>
      </button>
      {items.length > 0 && (
        <Menu
          label={strings.chatActions(title)}
          trigger={<Icon name="dots-horizontal" />}
          triggerClass="icon-button"
          align="end"
          items={items}
        />
      )}
    </li>
  )
}

function RenameForm({ entry, onClose }: { entry: ChatEntry; onClose: () => void }) {
  const { chat, strings } = useUi()
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => field.current?.select(), [])
  const save = () => {
    const title = field.current?.value.trim()
    onClose()
    // The panel shows the server's error.
    if (title && title !== entry.title) chat.rename(entry.id, title).catch(() => undefined)
  }
  return (
    <li part="history-row" class="history-row">
      <form
        class="rename"
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          onClose()
        }}
      >
        <input
          ref={field}
          defaultValue={entry.title ?? ''}
          aria-label={strings.renameLabel}
          maxLength={200}
          dir="auto"
        />
        <button type="submit" class="button">
          {strings.save}
        </button>
      </form>
    </li>
  )
}
