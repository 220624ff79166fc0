import { useEffect, useState } from 'preact/hooks'

/** A value that notifies its listeners when it is replaced. */
export class Signal<T> {
  #value: T
  readonly #listeners = new Set<() => void>()

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) listener()
  }

  /** Replaces some fields of an object value. */
  patch(change: Partial<T>): void {
    this.set({ ...this.#value, ...change })
  }

  /** Resolves when the value is as wanted, which may be now. */
  until(isWanted: (value: T) => boolean): Promise<void> {
    if (isWanted(this.#value)) return Promise.resolve()
    return new Promise((resolve) => {
      const stop = this.subscribe(() => {
        if (!isWanted(this.#value)) return
        stop()
        resolve()
      })
    })
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

/** The signal's value in a component, which renders again when the value changes. */
export function useSignal<T>(signal: Signal<T>): T {
  const [value, setValue] = useState(() => signal.value)
  useEffect(() => {
    const read = () => setValue(() => signal.value)
    read()
    return signal.subscribe(read)
  }, [signal])
  return value
}
