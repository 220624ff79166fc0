import { useCallback, useState } from 'preact/hooks'
import { PdfPages } from '#lib/chatkit-element/views/files/pdf-pages.tsx'
import { type SavedFile, SaveLink } from '#lib/chatkit-element/views/files/save-link.tsx'
import { TextPages } from '#lib/chatkit-element/views/files/text-pages.tsx'
import { ViewerDialog } from '#lib/chatkit-element/views/files/viewer-dialog.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/**
 * A file of the page's own server, opened over the chat: a picture, the pages of a PDF, or text.
 * Nothing in it runs, and it loads nothing. A file that cannot be shown can be saved.
 */
function FileDialog({ file, onClose }: { file: SavedFile; onClose: () => void }) {
  const { strings } = useUi()
  const { url, name, mime_type } = file
  const [hasFailed, setFailed] = useState(false)
  const fail = useCallback(() => setFailed(true), [])
  const isPicture = mime_type.startsWith('image/') && !hasFailed
  const Pages = mime_type === 'application/pdf' ? PdfPages : TextPages
  return (
    <ViewerDialog name={name} onClose={onClose} isDocument={!isPicture} tools={<SaveLink file={file} />}>
      {isPicture ? (
        <img src={`${url}?preview`} alt={name} onError={fail} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: without a stop, a keyboard cannot scroll it.
        <section class="file-body" tabIndex={0} aria-label={name}>
          {hasFailed ? <p role="alert">{strings.fileNotShown}</p> : <Pages url={url} onFailed={fail} />}
        </section>
      )}
    </ViewerDialog>
  )
}

/** The button's props that open the file, and the dialog to render while it is open. */
export function useFileDialog(file: SavedFile) {
  const { strings } = useUi()
  const [isOpen, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return {
    opener: { type: 'button' as const, 'aria-label': strings.openPicture(file.name), onClick: () => setOpen(true) },
    dialog: isOpen && <FileDialog file={file} onClose={close} />,
  }
}
