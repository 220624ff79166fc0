import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { toEntity } from '#lib/chatkit-element/message/mentions.ts'
import { AttachmentChip } from '#lib/chatkit-element/views/files/attachment-chip.tsx'
import { EntityPill } from '#lib/chatkit-element/views/items/entity-pill.tsx'

type Props = { item: UserMessageItem }

/** The files of a message of the person. */
export function MessageFiles({ item }: Props) {
  if (item.attachments.length === 0) return null
  return (
    <ul class="attachments">
      {item.attachments.map((attachment) => (
        <li key={attachment.id}>
          <AttachmentChip attachment={attachment} />
        </li>
      ))}
    </ul>
  )
}

/** The text of a message of the person, with what it quotes: plain text, never Markdown. */
export function MessageText({ item }: Props) {
  if (item.content.length === 0 && !item.quoted_text) return null
  return (
    <div part="bubble" class="bubble" dir="auto">
      {item.quoted_text && <blockquote class="quote">{item.quoted_text}</blockquote>}
      {item.content.map((part, at) =>
        part.type === 'input_tag' ? <EntityPill key={at} entity={toEntity(part)} /> : <span key={at}>{part.text}</span>,
      )}
    </div>
  )
}
