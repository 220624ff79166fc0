/** @jsxImportSource preact */
import type { ComposerState } from '#lib/chatkit-element/composer.ts'
import { FileChip } from '#lib/chatkit-element/views/file-chip.tsx'
import { Icon } from '#lib/chatkit-element/views/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/ui.ts'

/** What goes out with the text: a quote, tags, files. Each can be taken away. */
export function ComposerChips({ draft }: { draft: ComposerState }) {
  const { chat } = useUi()
  const { quotedText, tags, files } = draft
  if (!quotedText && !tags.length && !files.length) return null
  const { state } = chat.composer
  return (
    <ul class="chips">
      {quotedText && <Chip icon="square-text" label={quotedText} onRemove={() => state.patch({ quotedText: '' })} />}
      {tags.map((tag) => (
        <Chip key={tag.id} icon="name" label={tag.text} onRemove={() => state.patch({ tags: tags.filter((one) => one !== tag) })} />
      ))}
      {files.map((file) => (
        <FileChip key={file.key} file={file} />
      ))}
    </ul>
  )
}

function Chip({ icon, label, onRemove }: { icon: string; label: string; onRemove: () => void }) {
  const { strings } = useUi()
  return (
    <li class="chip">
      <Icon name={icon} size={15} />
      <span dir="auto">{label}</span>
      <IconButton icon="close" size={14} label={`${strings.dismiss}: ${label}`} onClick={onRemove} />
    </li>
  )
}
