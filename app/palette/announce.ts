'use client'

/** How long (ms) a sentence stays on the screen. */
const SHOWN_MS = 4_000

let region: HTMLElement | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/** Shows a sentence at the edge of the page for a while, and has screen readers say it. */
export function announce(sentence: string): void {
  if (!region?.isConnected) {
    region = document.createElement('div')
    region.setAttribute('role', 'status')
    region.className =
      'fixed inset-x-0 bottom-4 z-50 mx-auto w-fit max-w-[90vw] rounded-md bg-ink px-4 py-2 text-sm text-paper shadow-raised empty:hidden'
    document.body.append(region)
  }
  region.textContent = ''
  clearTimeout(timer)
  const shown = region
  // Emptied first, so that the same sentence is said again.
  setTimeout(() => {
    shown.textContent = sentence
  })
  timer = setTimeout(() => {
    shown.textContent = ''
  }, SHOWN_MS)
}
