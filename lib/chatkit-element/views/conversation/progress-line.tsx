import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** Shows that work is going on, unless another visible item already shows it. */
export function ProgressLine({ state, lastAnswer }: { state: ChatState; lastAnswer: readonly ThreadItem[] }) {
  const { strings } = useUi()
  if (!isBusy(state)) return null
  const { progress, open } = state.view
  if (state.reconnecting)
    return (
      <p part="progress" class="progress" role="status">
        <Icon name="wifi-off" />
        <span class="shimmer">{strings.reconnecting}</span>
      </p>
    )
  if (progress)
    return (
      <p part="progress" class="progress" dir="auto">
        {progress.icon && <Icon name={progress.icon} />}
        <span class="shimmer">{progress.text}</span>
      </p>
    )
  if (lastAnswer.some((item) => open.has(item.id) && isVisiblyGrowing(item))) return null
  return (
    <p part="progress" class="progress dots">
      <span class="sr-only">{strings.working}</span>
      <i />
      <i />
      <i />
    </p>
  )
}

function isVisiblyGrowing(item: ThreadItem): boolean {
  if (item.type === 'assistant_message') return item.content.some((part) => part.text)
  if (item.type === 'workflow')
    return item.workflow.type === 'reasoning' || item.workflow.tasks.some((task) => task.status_indicator === 'loading')
  return item.type === 'generated_image' || item.type === 'widget'
}
