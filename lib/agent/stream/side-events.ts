/** A queue of events that happen alongside the main stream, in order. */
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

/**
 * Yields the events of both sources as they come until the main one ends. Side events that wait at
 * that point come last. Throws what the main source throws.
 */
export async function* mergeEvents<A, B>(
  main: AsyncIterable<A>,
  side: SideEvents<B>,
): AsyncGenerator<{ main: A } | { side: B }> {
  const iterator = main[Symbol.asyncIterator]()
  let ended = false
  const advance = () => {
    const next = iterator.next()
    // It may reject while side events are yielded. The race below handles that later.
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
