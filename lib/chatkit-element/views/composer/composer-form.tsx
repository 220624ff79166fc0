import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import { useSignal } from '#lib/chatkit-element/signal.ts'
import { ComposerChips } from '#lib/chatkit-element/views/composer/composer-chips.tsx'
import { ComposerInput } from '#lib/chatkit-element/views/composer/composer-input.tsx'
import { ComposerMenus } from '#lib/chatkit-element/views/composer/composer-menus.tsx'
import { ContextGauge } from '#lib/chatkit-element/views/composer/context-gauge.tsx'
import { DictationButton } from '#lib/chatkit-element/views/composer/dictation-button.tsx'
import { mayWait, useSubmit } from '#lib/chatkit-element/views/composer/use-submit.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The composer: text, attachments, tools, models and dictation; one button sends or stops. */
export function ComposerForm({ state, lockedReason }: { state: ChatState; lockedReason: string | null }) {
  const { chat, options, strings, withWaiting } = useUi()
  const draft = useSignal(chat.composer.state)
  const submit = useSubmit()
  const busy = isBusy(state)
  const canStop = busy && state.view.allowCancel
  const waits = busy && mayWait(state, withWaiting)
  const usage = state.view.thread?.context_usage
  const tool = options.composer?.tools?.find(({ id }) => id === draft.toolId)
  const placeholder = lockedReason ?? tool?.placeholderOverride ?? options.composer?.placeholder ?? strings.placeholder
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the text puts the cursor into it, as in any text field.
    <form
      part="composer"
      class={`composer ${lockedReason ? 'is-locked' : ''}`}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) chat.composer.focus()
      }}
    >
      <ComposerChips draft={draft} />
      {draft.refusal && (
        <p class="composer-refusal" role="alert">
          <Icon name="circle-alert" size={16} />
          <span dir="auto">{draft.refusal}</span>
          <IconButton
            icon="close"
            size={14}
            label={strings.dismiss}
            onClick={() => chat.composer.state.patch({ refusal: '' })}
          />
        </p>
      )}
      {chat.files.canAttachPasted && (
        <button type="button" class="paste-offer" onClick={() => chat.files.attachPasted()}>
          <Icon name="paperclip" size={16} />
          {strings.attachPasted}
        </button>
      )}
      <ComposerInput text={draft.text} placeholder={placeholder} lockedReason={lockedReason} onSubmit={submit} />
      <div class="composer-bar">
        <ComposerMenus draft={draft} />
        {usage && <ContextGauge usage={usage} />}
        {chat.dictation.isOffered && lockedReason === null && <DictationButton />}
        {canStop && (
          <button
            type="button"
            part="send"
            class="send"
            aria-label={strings.stop}
            title={strings.stop}
            disabled={state.phase === 'stopping'}
            onClick={() => {
              void chat.stop()
              chat.composer.focus()
            }}
          >
            <Icon name="square" size={14} class="is-solid" />
          </button>
        )}
        {(!canStop || (waits && !chat.composer.isEmpty)) && (
          <button
            type="submit"
            part="send"
            class="send"
            aria-label={waits ? strings.sendAfter : strings.send}
            title={waits ? strings.sendAfter : strings.send}
            disabled={
              !(chat.composer.isReady || chat.composer.hasFailedFile) ||
              (busy && !waits) ||
              state.phase === 'loading' ||
              lockedReason !== null
            }
          >
            <Icon name="arrow-up" />
          </button>
        )}
      </div>
    </form>
  )
}
