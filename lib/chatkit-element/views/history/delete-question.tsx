import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import type { ChatEntry } from '#lib/chatkit-element/history/history.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** Asks before a chat is deleted; the Cancel button has the focus. */
export function DeleteQuestion({ entry, onClose }: { entry: ChatEntry; onClose: () => void }) {
  const { chat, strings } = useUi()
  const cancel = useRef<HTMLButtonElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const id = useId()
  useLayoutEffect(() => {
    const panel = box.current?.closest<HTMLElement>('.history')
    cancel.current?.focus()
    return () => panel?.focus()
  }, [])
  return (
    <div class="question-layer">
      <div
        ref={box}
        class="question-box"
        role="alertdialog"
        aria-modal="true"
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-text`}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          onClose()
        }}
      >
        <h3 id={`${id}-title`}>{strings.deleteQuestion}</h3>
        <p id={`${id}-text`} dir="auto">
          {strings.deleteWarning(entry.title || strings.untitled)}
        </p>
        <div class="question-buttons">
          <button ref={cancel} type="button" class="button" onClick={onClose}>
            {strings.cancel}
          </button>
          <button
            type="button"
            class="button is-danger"
            onClick={() => {
              onClose()
              // The panel shows the server's error.
              chat.remove(entry.id).catch(() => undefined)
            }}
          >
            {strings.delete}
          </button>
        </div>
      </div>
    </div>
  )
}
