import { toggleDiagram } from '#lib/chatkit-element/blocks/diagram.ts'
import { findTableCsv, showMoreRows } from '#lib/chatkit-element/blocks/tables.ts'
import type { Tools } from '#lib/chatkit-element/blocks/tools.ts'
import { copyText } from '#lib/chatkit-element/copy-text.ts'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'

const SHOWN_MS = 2_000

type Clicks = { strings: Strings; tools: Tools }

/** What each button of an answer does, by the attribute that marks it. */
const BUTTONS: Record<string, (button: HTMLElement, clicks: Clicks) => unknown> = {
  'data-copy-code': (button, { strings }) =>
    copyFrom(button, button.closest('.code')?.querySelector('code')?.textContent, strings.copyCode, strings),
  'data-wrap-code': toggleWrapping,
  'data-draw-diagram': (button, { strings, tools }) => toggleDiagram(button, strings, tools),
  'data-copy-table': (button, { strings }) => copyFrom(button, findTableCsv(button), strings.copyTable, strings),
  'data-more-rows': showMoreRows,
  'data-note-ref': (button) => goTo(button, `[data-note="${button.dataset.noteRef}"]`),
  'data-note-back': (button) => goTo(button, `[data-note-ref="${button.dataset.noteBack}"]`),
}

/** Handles a click on a button of an answer. */
export function handleAnswerClick(event: Event, clicks: Clicks): void {
  const button = event.target instanceof Element ? event.target.closest('button') : null
  if (!button) return
  for (const [attribute, act] of Object.entries(BUTTONS)) if (button.hasAttribute(attribute)) act(button, clicks)
}

/** The changed label confirms the copy, also for screen readers. */
async function copyFrom(button: Element, text: string | null | undefined, label: string, { copied }: Strings) {
  if (text === null || text === undefined || !(await copyText(text))) return
  button.textContent = copied
  setTimeout(() => {
    button.textContent = label
  }, SHOWN_MS)
}

function toggleWrapping(button: Element): void {
  const isWrapped = button.closest('.code')?.classList.toggle('is-wrapped')
  button.setAttribute('aria-pressed', String(isWrapped))
}

/** The number of a footnote leads to the note, the note's arrow back to its first number. */
function goTo(button: Element, selector: string): void {
  const target = button.closest('.md')?.querySelector<HTMLElement>(selector)
  target?.focus({ preventScroll: true })
  target?.scrollIntoView({ block: 'nearest' })
}
