/** Calls `back` whenever the person may have been away: the page is looked at again, or the network is there again. Returns the end of it. */
export function onReturn(back: () => void): () => void {
  const over = new AbortController()
  const { signal } = over
  addEventListener('focus', back, { signal })
  addEventListener('online', back, { signal })
  document.addEventListener('visibilitychange', () => document.hidden || back(), { signal })
  return () => over.abort()
}
