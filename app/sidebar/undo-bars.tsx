'use client'

import { useEffect, useEffectEvent, useLayoutEffect, useRef } from 'react'
import type { ConversationList, Deletion } from '#app/conversations/conversation-list.ts'
import { UNTITLED } from '#app/conversations/untitled.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'

/** Offers to undo what was just deleted. The newest one has the focus if this page deleted it. */
export function UndoBars({
  deletions,
  list,
  takesFocus,
  onUndone,
  onFocusLost,
}: {
  deletions: readonly Deletion[]
  list: ConversationList
  /** The id of the one that this page has just deleted. */
  takesFocus: string | null
  onUndone: (id: string) => void
  /** Called when a bar disappears that had the focus. */
  onFocusLost: () => void
}) {
  const t = useTranslate()
  return (
    <div role="status" className="grid grid-cols-[minmax(0,1fr)] gap-1.5 empty:hidden">
      {deletions.map((deletion) => (
        <UndoBar
          key={deletion.id}
          title={deletion.title || t(UNTITLED)}
          takesFocus={deletion.id === takesFocus}
          onFocusLost={onFocusLost}
          onUndo={async () => {
            if (await list.undo(deletion.id)) onUndone(deletion.id)
          }}
        />
      ))}
    </div>
  )
}

function UndoBar({
  title,
  takesFocus,
  onUndo,
  onFocusLost,
}: {
  title: string
  takesFocus: boolean
  onUndo: () => void
  onFocusLost: () => void
}) {
  const t = useTranslate()
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!takesFocus) return
    // After the menu that deleted it has closed.
    const timer = setTimeout(() => button.current?.focus(), 50)
    return () => clearTimeout(timer)
  }, [takesFocus])
  const loseFocus = useEffectEvent(onFocusLost)
  useLayoutEffect(() => {
    const own = button.current
    return () => {
      if (own !== null && document.activeElement === own) setTimeout(loseFocus)
    }
  }, [])
  return (
    <div className="animate-rise flex items-center gap-2 rounded-md border border-line bg-sunken py-1 ps-3 pe-1 text-sm">
      <p className="min-w-0 flex-1 truncate" title={title}>
        {t.rich('Deleted: <name>{title}</name>', { title, name: (chunks) => <bdi>{chunks}</bdi> })}
      </p>
      <Button ref={button} tone="quiet" size="sm" onClick={onUndo}>
        {t('Undo')}
      </Button>
    </div>
  )
}
