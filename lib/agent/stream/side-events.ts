/** What happens beside the main stream of events, in order. */
export class SideEvents<T> {
  #queue: T[] = []
  #arrival = Promise.withResolvers<void>()

  push(event: T): void {
    this.#queue.push(event)
    this.#arrival.resolve()
  }

  /** Resolves when there is something to take. */
  get arrival(): Promise<void> {
    return this.#arrival.promise
  }

  take(): T[] {
    const taken = this.#queue
    this.#queue = []
    this.#arrival = Promise.withResolvers<void>()
    return taken
  }
}

/** Both sources as they come, until the main one ends; what then waits beside comes last. Throws what the main one throws. */
export async function* mergeEvents<A, B>(
  main: AsyncIterable<A>,
  side: SideEvents<B>,
): AsyncGenerator<{ main: A } | { side: B }> {
  const iterator = main[Symbol.asyncIterator]()
  let ended = false
  const advance = () => {
    const next = iterator.next()
    // It may reject while what came beside is read: that is not unhandled, only looked at later.
    next.catch(() => undefined)
    return next
  }
  try {
    let next = advance()
    while (true) {
      const first = await Promise.race([next, side.arrival.then(() => undefined)])
      for (const event of side.take()) yield { side: event }
      if (first === undefined) continue
      ended = first.done === true
      if (first.done) return
      next = advance()
      yield { main: first.value }
    }
  } catch (error) {
    ended = true
    throw error
  } finally {
    if (!ended) await iterator.return?.()
  }
}
