import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

export type ShownPicture = { src: string; name: string }

type Props = { picture: ShownPicture; onClose: () => void; children?: ComponentChildren }

/**
 * A picture as large as the window allows, open as long as it is mounted. Escape, the button and a click
 * beside the picture close it, and the focus returns to where it was. `children` stand beside the button.
 */
export function PictureDialog({ picture: { src, name }, onClose, children }: Props) {
  const { strings } = useUi()
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog
      ref={dialog}
      class="picture-dialog"
      aria-label={name}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        event.stopPropagation()
        if (event.target === event.currentTarget) event.currentTarget.close()
      }}
    >
      <div class="picture-bar">
        <bdi>{name}</bdi>
        {children}
        <IconButton icon="close" label={strings.close} onClick={() => dialog.current?.close()} />
      </div>
      <img src={src} alt={name} />
    </dialog>
  )
}

/** The picture whose button was clicked; null for any other click. */
export function findClickedPicture({ target }: Event): ShownPicture | null {
  const button = target instanceof Element ? target.closest('button[data-open-picture]') : null
  const picture = button?.querySelector('img')
  return picture ? { src: picture.src, name: picture.alt || (button?.getAttribute('aria-label') ?? '') } : null
}
