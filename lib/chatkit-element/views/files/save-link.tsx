import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** A file that the page's own server keeps. */
export type SavedFile = { url: string; name: string; mime_type: string }
/** A file of a tool's result. `size` is in bytes. */
export type ShownFile = SavedFile & { size: number; origin: string }

/** Saves the file under its name. */
export function SaveLink({ file: { url, name } }: { file: SavedFile }) {
  const { strings } = useUi()
  const label = strings.saveFile(name)
  return (
    <a class="icon-button" href={url} download={name} aria-label={label} title={label}>
      <Icon name="download" size={18} />
    </a>
  )
}
