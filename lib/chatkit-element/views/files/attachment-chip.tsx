import { useState } from 'preact/hooks'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { isAllowedImage, isSameOrigin } from '#lib/chatkit-element/markdown/links.ts'
import { useFileDialog } from '#lib/chatkit-element/views/files/file-dialog.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** A file of a message, which opens if the page says where its files are. */
export function AttachmentChip({ attachment }: { attachment: Attachment }) {
  const { filesUrl } = useUi()
  if (filesUrl === null) return <Chip attachment={attachment} />
  return <OpeningChip attachment={attachment} url={`${filesUrl}/${encodeURIComponent(attachment.id)}`} />
}

function OpeningChip({ attachment, url }: { attachment: Attachment; url: string }) {
  const { name, mime_type } = attachment
  const { opener, dialog } = useFileDialog({ url, name, mime_type })
  return (
    <>
      <button class="attachment-opener" {...opener}>
        <Chip attachment={attachment} />
      </button>
      {dialog}
    </>
  )
}

function Chip({ attachment }: { attachment: Attachment }) {
  const [isBroken, setBroken] = useState(false)
  const { name } = attachment
  if (attachment.type === 'image' && !isBroken && isPicture(attachment.preview_url))
    return (
      <img
        part="file"
        class="attachment-image"
        src={attachment.preview_url}
        alt={name}
        title={name}
        onError={() => setBroken(true)}
      />
    )
  return (
    <span part="file" class="attachment-file">
      <span class="file-icon">
        <Icon name={attachment.type === 'image' ? 'square-image' : 'document'} size={20} />
      </span>
      <span dir="auto">{name}</span>
    </span>
  )
}

/**
 * True if a preview may be shown. Any https host is allowed, because the server sets these URLs,
 * never a model.
 */
function isPicture(url: string): boolean {
  return url.startsWith('https://') || isSameOrigin(url) || isAllowedImage(url, [])
}
