import { ViewerDialog } from '#lib/chatkit-element/views/files/viewer-dialog.tsx'

export type ShownPicture = { src: string; name: string }

/** A picture of an answer, large. */
export function PictureDialog({ picture: { src, name }, onClose }: { picture: ShownPicture; onClose: () => void }) {
  return (
    <ViewerDialog name={name} onClose={onClose}>
      <img src={src} alt={name} />
    </ViewerDialog>
  )
}

/** The picture whose button was clicked; null for any other click. */
export function findClickedPicture({ target }: Event): ShownPicture | null {
  const button = target instanceof Element ? target.closest('button[data-open-picture]') : null
  const picture = button?.querySelector('img')
  return picture ? { src: picture.src, name: picture.alt || (button?.getAttribute('aria-label') ?? '') } : null
}
