import { useEffect, useState } from 'preact/hooks'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The longest text (characters) that is quoted. */
const QUOTE_MAX = 5_000

/** Offers to quote what is selected in the conversation: it goes into the composer. */
export function QuoteButton({ scroller }: { scroller: { current: HTMLElement | null } }) {
  const { chat, strings } = useUi()
  const [text, setText] = useState('')
  useEffect(() => {
    const look = () => setText(findSelectedText(scroller.current))
    document.addEventListener('selectionchange', look)
    return () => document.removeEventListener('selectionchange', look)
  }, [scroller])
  const status = chat.state.value.view.thread?.status.type ?? 'active'
  if (!text || status !== 'active') return null
  return (
    <button
      type="button"
      class="button quote-button"
      // Keeps the selection until the click.
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => {
        chat.composer.state.patch({ quotedText: text.slice(0, QUOTE_MAX) })
        getSelection()?.removeAllRanges()
        setText('')
        chat.composer.focus()
      }}
    >
      <Icon name="square-text" size={16} />
      {strings.quote}
    </button>
  )
}

/** What is selected in messages and answers, but not in fields. */
function findSelectedText(scroller: HTMLElement | null): string {
  const root = scroller?.getRootNode() as (ShadowRoot & { getSelection?: () => Selection | null }) | undefined
  // Chromium keeps the selection of a shadow tree apart.
  const selection = root?.getSelection?.() ?? getSelection()
  const node = selection?.anchorNode
  if (!scroller || !selection || selection.isCollapsed || !node || !scroller.contains(node)) return ''
  const within = node instanceof Element ? node : node.parentElement
  return within?.closest('.answer, .bubble') ? selection.toString().trim() : ''
}
