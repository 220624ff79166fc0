import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Props = {
  name: string
  onClose: () => void
  isDocument?: boolean
  /** What stands beside the button that closes the dialog. */
  tools?: ComponentChildren
  children: ComponentChildren
}

/**
 * Something shown as large as the window allows, open as long as it is mounted. Escape, the button and
 * a click beside it close it, and the focus returns to where it was.
 */
export function ViewerDialog({ name, onClose, isDocument = false, tools, children }: Props) {
  const { strings } = useUi()
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog
      ref={dialog}
      part="dialog"
      class={`picture-dialog ${isDocument ? 'is-document' : ''}`}
      aria-label={name}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        event.stopPropagation()
        if (event.target === event.currentTarget) event.currentTarget.close()
      }}
    >
      <div class="picture-bar">
        {/* The dialog has this name already. */}
        <bdi aria-hidden="true">{name}</bdi>
        {tools}
        <IconButton icon="close" label={strings.close} onClick={() => dialog.current?.close()} />
      </div>
      {children}
    </dialog>
  )
}
