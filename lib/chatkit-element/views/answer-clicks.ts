import { copyText } from '#lib/chatkit-element/clipboard.ts'
import type { Strings } from '#lib/chatkit-element/strings.ts'

const SHOWN_MS = 2_000

/** A click on the copy button of a code block. The label says that it worked, for eyes and screen readers alike. */
export async function copyCode(event: Event, strings: Strings): Promise<void> {
  const button = targetIn(event, 'button[data-copy-code]')
  const code = button?.closest('.code')?.querySelector('code')?.textContent
  if (!button || code === null || code === undefined || !(await copyText(code))) return
  button.textContent = strings.copied
  setTimeout(() => {
    button.textContent = strings.copyCode
  }, SHOWN_MS)
}

/** A click on `chatkit-link://name?key=value` is a message to the host page, not a way out of it. */
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
