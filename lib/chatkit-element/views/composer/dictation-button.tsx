import { useSignal } from '#lib/chatkit-element/signal.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** Starts and ends a recording, and shows whether it is recording or transcribing. */
export function DictationButton() {
  const { chat, strings } = useUi()
  const phase = useSignal(chat.dictation.phase)
  const said = phase === 'listening' ? strings.listening : phase === 'transcribing' ? strings.transcribing : ''
  return (
    <>
      {said && (
        <span class="dictation-state" role="status">
          {said}
        </span>
      )}
      {phase === 'transcribing' ? (
        <span class="icon-button" aria-hidden="true">
          <Icon name="loader-circle" class="spin" />
        </span>
      ) : (
        <IconButton
          icon={phase === 'listening' ? 'square' : 'mic'}
          size={phase === 'listening' ? 14 : 20}
          class={phase === 'listening' ? 'dictate is-listening' : 'dictate'}
          label={phase === 'listening' ? strings.stopDictating : strings.dictate}
          disabled={phase === 'starting'}
          onClick={() => void chat.dictation.toggle()}
        />
      )}
    </>
  )
}
