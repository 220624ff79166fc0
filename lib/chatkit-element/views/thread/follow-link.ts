/**
 * Handles a click on `chatkit-link://name?key=value`: delivers it to the host page instead of
 * navigating.
 */
export function followLink(event: Event, deliver: (name: string, data: Record<string, string>) => void): void {
  const link = event.target instanceof Element ? event.target.closest('a[href^="chatkit-link:" i]') : null
  const href = link?.getAttribute('href')
  if (!href) return
  event.preventDefault()
  const [path = '', query = ''] = href.replace(/^chatkit-link:(\/\/)?/i, '').split('?')
  deliver(decode(path.replace(/\/$/, '')), Object.fromEntries(new URLSearchParams(query)))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
