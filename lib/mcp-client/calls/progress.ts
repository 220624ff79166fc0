import { cutText } from '#lib/platform/text/cut-text.ts'

/** A tool's progress. Servers send what they like: only `progress` is certain to be there. */
export type Progress = { progress: number; total?: number; message?: string }

const EVERY_MS = 250
const MESSAGE_MAX_CHARS = 200

/**
 * Passes on at most four values a second: the first at once, then the newest of those that arrived
 * meanwhile. Stop it with `using`.
 */
export class Throttle<T> implements Disposable {
  readonly #pass: (value: T) => void
  #waiting: { value: T } | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(pass: (value: T) => void) {
    this.#pass = pass
  }

  push(value: T): void {
    if (this.#timer) {
      this.#waiting = { value }
      return
    }
    this.#pass(value)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const { value } = this.#waiting ?? {}
      this.#waiting = undefined
      if (value !== undefined) this.push(value)
    }, EVERY_MS)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

/** A tool's progress on one line: "3 of 10: copying", "40 %". */
export function sayProgress({ progress, total, message }: Progress): string {
  const known = typeof total === 'number' && total > 0 && Number.isFinite(progress)
  const whole =
    known && Number.isInteger(progress) && Number.isInteger(total) && total <= 1_000 && total !== 100 && total !== 1
  const far = !known
    ? ''
    : whole
      ? `${progress} of ${total}`
      : `${Math.round((Math.min(progress, total) / total) * 100)} %`
  const said = typeof message === 'string' ? cutText(message.replace(/\s+/g, ' ').trim(), MESSAGE_MAX_CHARS) : ''
  return [far, said].filter(Boolean).join(': ') || 'Working'
}
