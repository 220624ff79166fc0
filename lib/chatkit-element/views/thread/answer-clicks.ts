import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import { copyText } from '#lib/chatkit-element/views/copy-text.ts'

const SHOWN_MS = 2_000

/**
 * Handles a click on the copy button of a code block. The changed label confirms the copy, also for
 * screen readers.
 */
export async function copyCode(event: Event, strings: Strings): Promise<void> {
  const button = targetIn(event, 'button[data-copy-code]')
  const code = button?.closest('.code')?.querySelector('code')?.textContent
  if (!button || code === null || code === undefined || !(await copyText(code))) return
  button.textContent = strings.copied
  setTimeout(() => {
    button.textContent = strings.copyCode
  }, SHOWN_MS)
}

/**
 * Handles a click on a footnote: the number leads to the note, the note's arrow back to its first
 * number.
 */
export function followFootnote(event: Event): void {
  const button = targetIn(event, 'button[data-note-ref], button[data-note-back]')
  if (!(button instanceof HTMLElement)) return
  const { noteRef, noteBack } = button.dataset
  const target = button
    .closest('.md')
    ?.querySelector<HTMLElement>(noteRef ? `[data-note="${noteRef}"]` : `[data-note-ref="${noteBack}"]`)
  target?.focus({ preventScroll: true })
  target?.scrollIntoView({ block: 'nearest' })
}

/**
 * Handles a click on `chatkit-link://name?key=value`: delivers it to the host page instead of
 * navigating.
 */
export function followLink(event: Event, deliver: (name: string, data: Record<string, string>) => void): void {
  const href = targetIn(event, 'a[href^="chatkit-link:" i]')?.getAttribute('href')
  if (!href) return
  event.preventDefault()
  const [path = '', query = ''] = href.replace(/^chatkit-link:(\/\/)?/i, '').split('?')
  deliver(decode(path.replace(/\/$/, '')), Object.fromEntries(new URLSearchParams(query)))
}

function targetIn(event: Event, selector: string): Element | null {
  return event.target instanceof Element ? event.target.closest(selector) : null
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
