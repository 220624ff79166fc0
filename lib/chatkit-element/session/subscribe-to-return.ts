/**
 * Calls `back` when the person may have been away: the page is visible or focused again, or the
 * network is back. Returns an unsubscribe function.
 */
export function subscribeToReturn(back: () => void): () => void {
  const over = new AbortController()
  const { signal } = over
  addEventListener('focus', back, { signal })
  addEventListener('online', back, { signal })
  document.addEventListener('visibilitychange', () => document.hidden || back(), { signal })
  return () => over.abort()
}
