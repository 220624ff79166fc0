import { toFileSize } from '#lib/chatkit-element/language/time.ts'
import { useFileDialog } from '#lib/chatkit-element/views/files/file-dialog.tsx'
import { SaveLink, type ShownFile } from '#lib/chatkit-element/views/files/save-link.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** A picture of a tool's result, which opens large in a dialog and can be saved. */
export function Picture({ file }: { file: ShownFile }) {
  const { strings, locale } = useUi()
  const { opener, dialog } = useFileDialog(file)
  const { url, name, size, origin } = file
  return (
    <figure class="shown-picture">
      <button {...opener}>
        <img src={`${url}?preview`} alt={name} loading="lazy" decoding="async" />
      </button>
      <figcaption class="shown-row">
        <span class="shown-text">
          <bdi>{name}</bdi>
          <small>{[toFileSize(size, locale), strings.fileFrom(origin)].join(' · ')}</small>
        </span>
        <SaveLink file={file} />
      </figcaption>
      {dialog}
    </figure>
  )
}
