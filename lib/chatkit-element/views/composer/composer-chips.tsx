import type { ComponentChildren } from 'preact'
import type { ComposerState } from '#lib/chatkit-element/composer/composer.ts'
import { removeMention, toEntity } from '#lib/chatkit-element/message/mentions.ts'
import { FileChip } from '#lib/chatkit-element/views/file-chip.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { EntityPill } from '#lib/chatkit-element/views/items/entity-pill.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** What is sent with the text: a quote, tags, files. Each can be removed. */
export function ComposerChips({ draft }: { draft: ComposerState }) {
  const { chat } = useUi()
  const { quotedText, text, files } = draft
  const { state, mentions } = chat.composer
  if (!quotedText && !mentions.length && !files.length) return null
  return (
    <>
      <ul class="chips">
        {quotedText && (
          <Chip label={quotedText} onRemove={() => state.patch({ quotedText: '' })}>
            <Icon name="square-text" size={15} />
            <span dir="auto">{quotedText}</span>
          </Chip>
        )}
        {mentions.map((tag) => (
          <Chip key={tag.id} label={tag.text} onRemove={() => state.patch({ text: removeMention(text, tag) })}>
            <EntityPill entity={toEntity(tag)} />
          </Chip>
        ))}
        {files.map((file) => (
          <FileChip key={file.key} file={file} />
        ))}
      </ul>
      <UploadSummary files={files} />
    </>
  )
}

/** How many of several files are uploaded; those that failed are tried again with one click. */
function UploadSummary({ files }: Pick<ComposerState, 'files'>) {
  const { chat, strings } = useUi()
  const count = (wanted: string) => files.filter(({ status }) => status === wanted).length
  const failed = count('failed')
  if (files.length < 2 || count('uploading') + failed === 0) return null
  return (
    <p class="upload-summary">
      <span role="status">{strings.uploadedOf(count('done'), files.length)}</span>
      {failed > 1 && (
        <button type="button" class="button" onClick={() => chat.files.retryAll()}>
          {strings.retryAll}
        </button>
      )}
    </p>
  )
}

function Chip({ label, onRemove, children }: { label: string; onRemove: () => void; children: ComponentChildren }) {
  const { strings } = useUi()
  return (
    <li class="chip">
      {children}
      <IconButton icon="close" size={14} label={`${strings.dismiss}: ${label}`} onClick={onRemove} />
    </li>
  )
}
