import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** A file of a tool's result, kept by the page's own server. `size` is in bytes. */
export type ShownFile = { url: string; name: string; mime_type: string; size: number; origin: string }

/** Saves the file under its name. */
export function SaveLink({ file: { url, name } }: { file: ShownFile }) {
  const { strings } = useUi()
  const label = strings.saveFile(name)
  return (
    <a class="icon-button" href={url} download={name} aria-label={label} title={label}>
      <Icon name="download" size={18} />
    </a>
  )
}
