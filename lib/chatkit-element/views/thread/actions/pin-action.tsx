import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** Keeps the messages among these items in the context, or lets them go again. */
export function PinAction({ items }: { items: readonly ThreadItem[] }) {
  const { chat, strings, withPins } = useUi()
  const ids = items.filter(isPinnable).map(({ id }) => id)
  if (!withPins || ids.length === 0) return null
  const pinned = items.some(isPinned)
  return (
    <IconButton
      icon={pinned ? 'pin-off' : 'pin'}
      size={16}
      label={pinned ? strings.unpin : strings.pin}
      data-pin
      onClick={() => void chat.actions.pin(ids, !pinned)}
    />
  )
}

/** Says that one of these items is kept in the context. */
export function PinMark({ items }: { items: readonly ThreadItem[] }) {
  const { strings } = useUi()
  if (!items.some(isPinned)) return null
  return (
    <p class="pin-mark">
      <Icon name="pin" size={14} />
      {strings.pinned}
    </p>
  )
}

function isPinnable(item: ThreadItem): boolean {
  if (item.type === 'user_message') return true
  return item.type === 'assistant_message' && item.content.some(({ text }) => text.trim() !== '')
}

function isPinned(item: ThreadItem): boolean {
  return 'pinned' in item && item.pinned === true
}
