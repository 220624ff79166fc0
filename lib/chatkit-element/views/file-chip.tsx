import type { DraftFile } from '#lib/chatkit-element/composer/draft.ts'
import { toFileSize, toPercent } from '#lib/chatkit-element/language/time.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/**
 * A file of the draft: an image as a thumbnail, any other file by name, with its upload progress or
 * the reason why it failed.
 */
export function FileChip({ file }: { file: DraftFile }) {
  const { chat, strings, locale } = useUi()
  const { key, name, size, status, preview } = file
  const isUnderway = status === 'uploading' && file.part !== null && file.part < 1
  const facts = [isUnderway && toPercent(file.part ?? 0, locale), size !== null && toFileSize(size, locale)].filter(
    Boolean,
  )
  const hasFailed = status === 'failed' || status === 'refused'
  const isPicture = file.isImage && preview && !hasFailed
  return (
    <li part="file" class={`file-chip ${isPicture ? 'is-picture' : ''} ${hasFailed ? 'is-failed' : `is-${status}`}`}>
      {isPicture ? (
        <img src={preview} alt={name} title={name} />
      ) : (
        <>
          <span class="file-icon">
            <Icon name={hasFailed ? 'circle-alert' : file.isImage ? 'square-image' : 'document'} size={20} />
          </span>
          <span class="file-text">
            <strong dir="auto">{name}</strong>
            {hasFailed ? <small role="alert">{file.error}</small> : <small>{facts.join(' · ')}</small>}
          </span>
        </>
      )}
      {status === 'failed' && (
        <IconButton icon="reload" size={16} label={strings.uploadRetry(name)} onClick={() => chat.files.retry(key)} />
      )}
      {status === 'uploading' && <UploadRing label={strings.uploading(name)} part={file.part} />}
      <IconButton
        class="file-remove"
        icon="close"
        size={14}
        label={strings.removeFile(name)}
        onClick={() => chat.files.remove(key)}
      />
    </li>
  )
}

const AROUND = 2 * Math.PI * 9

/**
 * Shows the upload progress; spins while the progress is unknown, and while the server finishes
 * after the last byte.
 */
function UploadRing({ label, part }: { label: string; part: number | null }) {
  const known = part !== null && part < 1
  return (
    <span
      class="upload-ring"
      role="progressbar"
      aria-label={label}
      {...(known && { 'aria-valuenow': Math.round(part * 100), 'aria-valuemin': 0, 'aria-valuemax': 100 })}
    >
      <svg viewBox="0 0 24 24" width="22" height="22" class={known ? '' : 'spin'} aria-hidden="true">
        <circle cx="12" cy="12" r="9" />
        <circle
          cx="12"
          cy="12"
          r="9"
          stroke-dasharray={`${(known ? part : 0.25) * AROUND} ${AROUND}`}
          transform="rotate(-90 12 12)"
        />
      </svg>
    </span>
  )
}
