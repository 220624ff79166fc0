import type { Entity, UserMessageContent } from '@openai/chatkit'
import type { Prompt, Template } from './ask-offers.ts'
import { PromptDialog } from './prompt-dialog.tsx'
import { TemplateDialog } from './template-dialog.tsx'

/** What a person chose of a server's offers, which needs more of them before it is used. */
export type OpenedOffer = { prompt: Prompt } | { template: Template; onDone: (entity?: Entity) => void }

/** The dialog of a chosen prompt or template. `onChosen` is told once a template has its values. */
export function OfferDialog({
  opened,
  onClose,
  onSend,
  onChosen,
}: {
  opened: OpenedOffer
  onClose: () => void
  onSend: (content: UserMessageContent[]) => Promise<void>
  onChosen: () => void
}) {
  if ('prompt' in opened) return <PromptDialog prompt={opened.prompt} onClose={onClose} onSend={onSend} />
  return (
    <TemplateDialog
      template={opened.template}
      onDone={(entity) => {
        onClose()
        opened.onDone(entity)
        onChosen()
      }}
    />
  )
}
