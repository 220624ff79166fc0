/**
 * Yields what `source` yields. After `signal` aborts, the source has `graceMs` to end by itself;
 * then it is abandoned, even if it hangs. Throws what the source throws until then. It is written
 * as a plain iterator, because a generator would cost each delta three more promises.
 */
export function untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
  graceMs: number,
): AsyncIterableIterator<T, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let state: 'open' | 'abandoned' | 'ended' = 'open'
  let leave: () => void = () => undefined
  let timer: NodeJS.Timeout | undefined
  const onAbort = () => {
    timer = setTimeout(() => {
      close('abandoned')
      leave()
    }, graceMs)
  }
  const close = (how: 'abandoned' | 'ended') => {
    if (state !== 'open') return
    state = how
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    // Not awaited: a source that hangs would block this. Errors after this point are ignored.
    if (how === 'abandoned') void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () =>
      new Promise((resolve, reject) => {
        leave = () => resolve(DONE)
        if (state !== 'open') return leave()
        iterator.next().then(
          (next) => {
            if (next.done) close('ended')
            resolve(next.done ? DONE : next)
          },
          (error) => {
            close('ended')
            reject(error)
          },
        )
      }),
    return: async () => {
      close('abandoned')
      return DONE
    },
  }
}

const DONE = { done: true, value: undefined } as const
