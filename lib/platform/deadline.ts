/**
 * Resolves as `work` does, or after `ms` with what `late` returns or throws. Does not end the work:
 * give it a signal if it can be ended. The timer never outlives the wait.
 */
export async function withDeadline<T, Late>(work: Promise<T>, ms: number, late: () => Late): Promise<T | Late> {
  const { promise, resolve } = Promise.withResolvers<typeof LATE>()
  const timer = setTimeout(resolve, ms, LATE)
  try {
    const first = await Promise.race([work, promise])
    return first === LATE ? late() : first
  } finally {
    clearTimeout(timer)
  }
}

const LATE = Symbol('late')

/** Resolves as `work` does, but rejects with `reason` as soon as the signal aborts. */
export async function withSignal<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  reason: () => unknown = () => signal?.reason,
): Promise<T> {
  if (!signal) return work
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(reason())
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
