/**
 * Resolves after `ms`, or earlier when the network comes back. Throws the signal's reason when it
 * aborts.
 */
export function waitBeforeRetry(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer)
      // Only a browser says when the network is back.
      globalThis.removeEventListener?.('online', finish)
      signal.removeEventListener('abort', finish)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(finish, ms)
    globalThis.addEventListener?.('online', finish)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}
