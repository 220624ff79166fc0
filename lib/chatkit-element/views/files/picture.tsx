import { useRef } from 'preact/hooks'
import { toFileSize } from '#lib/chatkit-element/language/time.ts'
import { SaveLink, type ShownFile } from '#lib/chatkit-element/views/files/save-link.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** A picture of a tool's result, which opens large in a dialog and can be saved. */
export function Picture({ file }: { file: ShownFile }) {
  const { strings, locale } = useUi()
  const dialog = useRef<HTMLDialogElement>(null)
  const { url, name, size, origin } = file
  const src = `${url}?preview`
  return (
    <figure class="shown-picture">
      <button type="button" aria-label={strings.openPicture(name)} onClick={() => dialog.current?.showModal()}>
        <img src={src} alt={name} loading="lazy" decoding="async" />
      </button>
      <figcaption class="shown-row">
        <span class="shown-text">
          <bdi>{name}</bdi>
          <small>{[toFileSize(size, locale), strings.fileFrom(origin)].join(' · ')}</small>
        </span>
        <SaveLink file={file} />
      </figcaption>
      <dialog
        ref={dialog}
        class="picture-dialog"
        aria-label={name}
        onKeyDown={(event) => event.stopPropagation()}
        onClick={({ target, currentTarget }) => target === currentTarget && currentTarget.close()}
      >
        <div class="picture-bar">
          <bdi>{name}</bdi>
          <SaveLink file={file} />
          <IconButton icon="close" label={strings.close} onClick={() => dialog.current?.close()} />
        </div>
        <img src={src} alt={name} loading="lazy" />
      </dialog>
    </figure>
  )
}
