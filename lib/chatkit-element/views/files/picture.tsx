import { useState } from 'preact/hooks'
import { toFileSize } from '#lib/chatkit-element/language/time.ts'
import { PictureDialog } from '#lib/chatkit-element/views/files/picture-dialog.tsx'
import { SaveLink, type ShownFile } from '#lib/chatkit-element/views/files/save-link.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** A picture of a tool's result, which opens large in a dialog and can be saved. */
export function Picture({ file }: { file: ShownFile }) {
  const { strings, locale } = useUi()
  const [isOpen, setIsOpen] = useState(false)
  const { url, name, size, origin } = file
  const src = `${url}?preview`
  return (
    <figure class="shown-picture">
      <button type="button" aria-label={strings.openPicture(name)} onClick={() => setIsOpen(true)}>
        <img src={src} alt={name} loading="lazy" decoding="async" />
      </button>
      <figcaption class="shown-row">
        <span class="shown-text">
          <bdi>{name}</bdi>
          <small>{[toFileSize(size, locale), strings.fileFrom(origin)].join(' · ')}</small>
        </span>
        <SaveLink file={file} />
      </figcaption>
      {isOpen && (
        <PictureDialog picture={{ src, name }} onClose={() => setIsOpen(false)}>
          <SaveLink file={file} />
        </PictureDialog>
      )}
    </figure>
  )
}
