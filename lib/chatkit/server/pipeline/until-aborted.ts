/**
 * Yields what `source` yields. After `signal` aborts, the source has `graceMs` to end by itself;
 * then it is abandoned, even if it hangs. Throws what the source throws until then.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
  graceMs: number,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let leave: () => void = () => undefined
  let left = false
  let ended = false
  let timer: NodeJS.Timeout | undefined
  const onAbort = () => {
    timer = setTimeout(() => {
      left = true
      leave()
    }, graceMs)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    while (!left) {
      const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        leave = () => resolve(undefined)
        iterator.next().then(resolve, (error) => {
          ended = true
          reject(error)
        })
      })
      if (next?.done) ended = true
      if (!next || next.done) return
      yield next.value
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    // Not awaited: a source that hangs would block this. Errors after this point are ignored.
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}
