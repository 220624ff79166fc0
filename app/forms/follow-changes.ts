'use client'

/** Delay (ms) before reconnecting after the server refused the stream of changes. */
const AGAIN_MS = 10_000

/**
 * Calls `refresh` now and whenever the stream at `path` says that something changed, while the page
 * is visible: a browser opens few connections to a server. Returns a function that ends it.
 */
export function followChanges(path: string, refresh: () => void): () => void {
  let stream: EventSource | undefined
  let later: ReturnType<typeof setTimeout> | undefined
  const close = () => {
    clearTimeout(later)
    stream?.close()
    stream = undefined
  }
  const open = () => {
    close()
    if (document.hidden) return
    refresh()
    stream = new EventSource(path)
    stream.onmessage = refresh
    stream.onerror = () => {
      // EventSource reconnects by itself after a broken connection, but not after a refusal.
      if (stream?.readyState === EventSource.CLOSED) later = setTimeout(open, AGAIN_MS)
    }
  }
  open()
  document.addEventListener('visibilitychange', open)
  return () => {
    document.removeEventListener('visibilitychange', open)
    close()
  }
}
