import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { listTags, toContent, toWrittenText } from '#lib/chatkit-element/message/mentions.ts'
import { sends } from '#lib/chatkit-element/views/composer/sends.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** A message of the person as a field, with its files and quote as they are. */
export function EditMessage({ item, onClose }: { item: UserMessageItem; onClose: () => void }) {
  const { chat, strings } = useUi()
  const { content, attachments, quoted_text, inference_options } = item
  const [text, setText] = useState(() => toWrittenText(content))
  const field = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    field.current?.focus()
    field.current?.setSelectionRange(-1, -1)
  }, [])
  const isEmpty = !text.trim() && attachments.length === 0
  const send = () => {
    if (isEmpty) return
    onClose()
    const model = chat.composer.modelId()
    void chat.sender.edit(item.id, {
      content: toContent(text, listTags(content)),
      attachments,
      ...(quoted_text && { quotedText: quoted_text }),
      inference: { ...inference_options, ...(model && { model }) },
    })
  }
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        ref={field}
        dir="auto"
        rows={Math.min(12, text.split('\n').length + 1)}
        value={text}
        aria-label={strings.composerLabel}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.isComposing || event.keyCode === 229) return
          if (event.key === 'Escape') onClose()
          else if (event.key === 'Enter' && sends(event)) send()
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
      <div class="edit-buttons">
        <button type="button" class="button" onClick={onClose}>
          {strings.cancel}
        </button>
        <button type="submit" class="button is-primary" disabled={isEmpty}>
          {strings.send}
        </button>
      </div>
    </form>
  )
}
