import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { GeneratedImage } from '#lib/chatkit-element/views/items/generated-image.tsx'
import { StructuredInput } from '#lib/chatkit-element/views/items/structured-input.tsx'
import { TaskLine, WorkflowLine } from '#lib/chatkit-element/views/items/workflow-line.tsx'
import { AssistantMessage } from '#lib/chatkit-element/views/thread/assistant-message.tsx'
import { WidgetView } from '#lib/chatkit-element/views/widgets/widget-view.tsx'

type Props = {
  item: ThreadItem
  isOpen: boolean
  busy: boolean
  progress: number | undefined
  imageDomains: readonly string[]
}

/** One item of an answer. Items without a view (client tool calls, markers) render nothing. */
export function AnswerItem({ item, isOpen, busy, progress, imageDomains }: Props) {
  switch (item.type) {
    case 'assistant_message':
      return <AssistantMessage item={item} isOpen={isOpen} imageDomains={imageDomains} />
    case 'workflow':
      return <WorkflowLine item={item} isOpen={isOpen} />
    case 'task':
      return <TaskLine task={item.task} />
    case 'widget':
      return <WidgetView item={item} busy={busy} imageDomains={imageDomains} />
    case 'generated_image':
      return <GeneratedImage item={item} isOpen={isOpen} progress={progress} imageDomains={imageDomains} />
    case 'structured_input':
      return <StructuredInput item={item} busy={busy} />
    default:
      return null
  }
}
