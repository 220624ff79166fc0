/** @jsxImportSource preact */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import { useSignal } from '#lib/chatkit-element/signal.ts'
import { ComposerChips } from '#lib/chatkit-element/views/composer-chips.tsx'
import { ComposerMenus } from '#lib/chatkit-element/views/composer-menus.tsx'
import { Icon } from '#lib/chatkit-element/views/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/ui.ts'
import { useSubmit } from '#lib/chatkit-element/views/use-submit.ts'

/** Where the person writes: grows with the text, Enter sends, Shift+Enter breaks the line, and one button sends or stops. */
export function ComposerForm({ state, lockedReason }: { state: ChatState; lockedReason: string | null }) {
  const { chat, options, strings } = useUi()
  const draft = useSignal(chat.composer.state)
  const submit = useSubmit()
  const field = useRef<HTMLTextAreaElement>(null)
  const busy = isBusy(state)
  const tool = options.composer?.tools?.find(({ id }) => id === draft.toolId)
  const placeholder = lockedReason ?? tool?.placeholderOverride ?? options.composer?.placeholder ?? strings.placeholder
  useLayoutEffect(() => {
    chat.composer.focus = () => field.current?.focus()
    return () => {
      chat.composer.focus = () => undefined
    }
  }, [chat])
  useGrowth(field, draft.text)
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the text puts the cursor into it, as in any text field.
    <form
      class={`composer ${lockedReason ? 'is-locked' : ''}`}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) field.current?.focus()
      }}
    >
      <ComposerChips draft={draft} />
      {draft.refusal && (
        <p class="composer-refusal" role="alert">
          <Icon name="circle-alert" size={16} />
          <span dir="auto">{draft.refusal}</span>
          <IconButton icon="close" size={14} label={strings.dismiss} onClick={() => chat.composer.state.patch({ refusal: '' })} />
        </p>
      )}
      <textarea
        ref={field}
        rows={1}
        dir="auto"
        value={draft.text}
        placeholder={placeholder}
        aria-label={lockedReason ?? strings.composerLabel}
        disabled={lockedReason !== null}
        enterkeyhint="send"
        autocomplete="off"
        onInput={(event) => chat.composer.state.patch({ text: event.currentTarget.value })}
        onPaste={(event) => {
          // Office programs put a picture of the text beside the text: the text is what is meant.
          const files = event.clipboardData?.types.includes('text/plain') ? [] : [...(event.clipboardData?.files ?? [])]
          if (!files.length || !chat.files.option) return
          event.preventDefault()
          chat.files.add(files)
        }}
        onKeyDown={(event) => {
          // 229 is what Safari says for the Enter that ends a composition.
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
          event.preventDefault()
          submit()
        }}
      />
      <div class="composer-bar">
        <ComposerMenus draft={draft} />
        {busy && state.view.allowCancel ? (
          <button
            type="button"
            class="send"
            aria-label={strings.stop}
            title={strings.stop}
            disabled={state.phase === 'stopping'}
            onClick={() => {
              void chat.stop()
              field.current?.focus()
            }}
          >
            <Icon name="square" size={14} class="is-solid" />
          </button>
        ) : (
          <button
            type="submit"
            class="send"
            aria-label={strings.send}
            title={strings.send}
            disabled={!chat.composer.isReady || busy || state.phase === 'loading' || lockedReason !== null}
          >
            <Icon name="arrow-up" />
          </button>
        )}
      </div>
    </form>
  )
}

/** Browsers without `field-sizing` measure the text themselves. The height goes through the CSSOM, which every CSP allows. */
function useGrowth(field: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const element = field.current
    if (!element || CSS.supports('field-sizing', 'content')) return
    element.style.height = 'auto'
    element.style.height = text ? `${element.scrollHeight}px` : 'auto'
  }, [text, field])
}
