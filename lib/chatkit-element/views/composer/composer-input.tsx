import { useLayoutEffect, useRef } from 'preact/hooks'
import { useSignal } from '#lib/chatkit-element/signal.ts'
import { isPhone, sends } from '#lib/chatkit-element/views/composer/sends.ts'
import { SuggestionList } from '#lib/chatkit-element/views/composer/suggestion-list.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Props = { text: string; placeholder: string; lockedReason: string | null; onSubmit: () => void }

/**
 * The message's text field. It grows with the text. Enter sends or takes a suggestion, Shift+Enter
 * inserts a line break. On a phone, whose keyboard has no Shift+Enter, Enter inserts a line break
 * and the button sends. Ctrl or Command with Enter always sends.
 */
export function ComposerInput({ text, placeholder, lockedReason, onSubmit }: Props) {
  const { chat, strings } = useUi()
  const { composer, files, suggestions } = chat
  const suggested = useSignal(suggestions.state)
  const field = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    const element = field.current
    if (!element) return
    const { focus, cursor, write } = composer
    composer.focus = () => element.focus()
    composer.cursor = () => element.selectionStart
    composer.write = (next, at) => {
      element.value = next
      element.setSelectionRange(at, at)
      element.focus()
      composer.state.patch({ text: next })
      suggestions.follow(next, at)
    }
    return () => Object.assign(composer, { focus, cursor, write })
  }, [composer, suggestions])
  useGrowth(field, text)
  const follow = () => {
    const element = field.current
    if (element) suggestions.follow(element.value, element.selectionStart)
  }
  return (
    <>
      <SuggestionList suggested={suggested} />
      <textarea
        part="input"
        ref={field}
        rows={1}
        // With `dir="auto"` an empty field has no direction, and its placeholder would be on the
        // wrong side.
        {...(text && { dir: 'auto' as const })}
        value={text}
        placeholder={placeholder}
        aria-label={lockedReason ?? strings.composerLabel}
        disabled={lockedReason !== null}
        enterkeyhint={isPhone() ? 'enter' : 'send'}
        autocomplete="off"
        {...(suggested && {
          'aria-autocomplete': 'list' as const,
          'aria-haspopup': 'listbox' as const,
          'aria-controls': 'suggestions',
          'aria-activedescendant': `suggestion-${suggested.active}`,
        })}
        onInput={(event) => {
          composer.state.patch({ text: event.currentTarget.value })
          follow()
        }}
        onClick={follow}
        onKeyUp={(event) => {
          if (/^(Arrow(Left|Right)|Home|End)$/.test(event.key)) follow()
        }}
        onBlur={() => suggestions.close()}
        onPaste={(event) => {
          // Office programs put an image of the text on the clipboard beside the text; the text is
          // meant.
          files.notePaste(event.clipboardData?.getData('text/plain') ?? '')
          const pasted = event.clipboardData?.types.includes('text/plain')
            ? []
            : [...(event.clipboardData?.files ?? [])]
          if (!pasted.length || !files.option) return
          event.preventDefault()
          files.add(pasted)
        }}
        onKeyDown={(event) => {
          // Safari reports key code 229 for the Enter that ends a composition.
          if (event.isComposing || event.keyCode === 229) return
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
          if (suggested && step) suggestions.move(step)
          else if (suggested && (event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) suggestions.choose()
          else if (suggested && event.key === 'Escape') suggestions.close()
          else if (event.key === 'Enter' && sends(event)) onSubmit()
          else if (event.key === 'ArrowUp' && !event.altKey && !event.currentTarget.value && chat.sender.recall())
            return event.preventDefault()
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
    </>
  )
}

/**
 * Sets the height in browsers without `field-sizing`. It uses the CSSOM, which every
 * Content-Security-Policy allows.
 */
function useGrowth(field: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const element = field.current
    if (!element || CSS.supports('field-sizing', 'content')) return
    element.style.height = 'auto'
    element.style.height = text ? `${element.scrollHeight}px` : 'auto'
  }, [text, field])
}
