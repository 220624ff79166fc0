/** @jsxImportSource preact */
import type { Attachment, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { isAllowedImage } from '#lib/chatkit-element/markdown/links.ts'
import { Icon } from '#lib/chatkit-element/views/icon.tsx'

/** What the person said, as they wrote it: plain text, never Markdown. */
export function UserMessage({ item, label, isPending }: { item: UserMessageItem; label: string; isPending: boolean }) {
  return (
    <div class={`question ${isPending ? 'is-pending' : ''}`}>
      <h3 class="sr-only">{label}</h3>
      {item.attachments.length > 0 && (
        <ul class="attachments">
          {item.attachments.map((attachment) => (
            <li key={attachment.id}>
              <AttachmentChip attachment={attachment} />
            </li>
          ))}
        </ul>
      )}
      <div class="bubble" dir="auto">
        {item.quoted_text && <blockquote class="quote">{item.quoted_text}</blockquote>}
        {item.content.map((part, at) =>
          part.type === 'input_tag' ? (
            <span key={at} class="tag">
              {part.text}
            </span>
          ) : (
            <span key={at}>{part.text}</span>
          ),
        )}
      </div>
    </div>
  )
}

function AttachmentChip({ attachment }: { attachment: Attachment }) {
  if (attachment.type === 'image' && (isAllowedImage(attachment.preview_url, []) || isSameOrigin(attachment.preview_url)))
    return <img class="attachment-image" src={attachment.preview_url} alt={attachment.name} />
  return (
    <span class="attachment-file">
      <Icon name={attachment.type === 'image' ? 'square-image' : 'document'} />
      {attachment.name}
    </span>
  )
}

/** Pictures that the app itself serves. */
export function isSameOrigin(url: string): boolean {
  try {
    return new URL(url, location.href).origin === location.origin
  } catch {
    return false
  }
}
