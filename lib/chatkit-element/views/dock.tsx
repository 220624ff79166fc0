import type { ChatState } from '#lib/chatkit-element/chat-state.ts'
import { ComposerForm } from '#lib/chatkit-element/views/composer/composer-form.tsx'
import { Failure } from '#lib/chatkit-element/views/failure.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { Markdown } from '#lib/chatkit-element/views/items/markdown.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The bottom of the element: the composer, or the reason why there is none, and the disclaimer. */
export function Dock({ state }: { state: ChatState }) {
  const { options, strings } = useUi()
  const { thread, items } = state.view
  const { disclaimer } = options
  const status = thread?.status ?? { type: 'active' as const }
  return (
    <div class="dock">
      {!thread && items.length === 0 && <Failure state={state} />}
      {status.type === 'closed' ? (
        <p part="banner" class="banner" role="status" dir="auto">
          <Icon name="info" />
          {status.reason ?? strings.closedThread}
        </p>
      ) : (
        <ComposerForm
          state={state}
          lockedReason={status.type === 'locked' ? (status.reason ?? strings.lockedThread) : null}
        />
      )}
      {disclaimer?.text && (
        <div part="disclaimer" class={`disclaimer ${disclaimer.highContrast ? 'is-strong' : ''}`}>
          <Markdown text={disclaimer.text} />
        </div>
      )}
    </div>
  )
}
