import { listen, notify } from '#lib/platform/db/notify.ts'
import { newId } from '#lib/platform/ids.ts'
import { registerShutdownHook } from '#lib/platform/process/shutdown.ts'
import { type Hint, Watcher, watchHints } from '#lib/platform/process/watch-hints.ts'

/** The shortest interval (ms) between two messages to other replicas. */
const TELL_MS = 1_000
/** How many changes wait to be told. What is over is learned when a page reads again. */
const WAITING_MAX = 500

/**
 * Tells the pages of one person, on every replica, that something of theirs has changed, without
 * saying what. Keep one in a `processState`.
 */
export class PersonHints {
  readonly #channel: string
  readonly #everyMs: number
  readonly #hear: (rest: string) => void
  /** Tells this process's own messages from others'. */
  readonly origin = newId('org')
  readonly #watchers = new Map<string, Set<Watcher>>()
  readonly #waiting = new Set<string>()
  #telling?: NodeJS.Timeout
  #stopHearing?: () => void

  /**
   * `everyMs` is the shortest interval between two hints to a page. `hear` gets what another
   * replica's note carries besides the person.
   */
  constructor(channel: string, everyMs: number, hear: (rest: string) => void = () => {}) {
    this.#channel = channel
    this.#everyMs = everyMs
    this.#hear = hear
  }

  /** Notes a change. `rest` (without spaces) reaches `hear` of the other replicas. */
  note(userId: string, rest = ''): void {
    this.hearOthers()
    this.#tell(userId)
    if (this.#waiting.size < WAITING_MAX) this.#waiting.add(`${this.origin} ${userId} ${rest}`)
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      const payloads = [...this.#waiting]
      this.#waiting.clear()
      void notify(this.#channel, payloads)
    }, TELL_MS).unref()
  }

  /** Yields a hint at each change. Ends after ten minutes, with `signal`, or at shutdown. */
  watch(userId: string, signal: AbortSignal): AsyncGenerator<Hint, boolean> {
    this.hearOthers()
    const watcher = new Watcher()
    const own = this.#watchers.get(userId) ?? new Set()
    this.#watchers.set(userId, own.add(watcher))
    registerShutdownHook(`watchers of ${this.#channel}`, async () => this.#tellAll())
    const leave = () => {
      own.delete(watcher)
      if (own.size === 0 && this.#watchers.get(userId) === own) this.#watchers.delete(userId)
    }
    return watchHints(watcher, { signal, everyMs: this.#everyMs, leave })
  }

  hearOthers(): void {
    this.#stopHearing ??= listen(this.#channel, {
      heard: (payload) => this.#heard(payload),
      missed: () => this.#tellAll(),
    })
  }

  #heard(payload: string): void {
    const [from, userId = '', rest] = payload.split(' ')
    if (from === this.origin) return
    if (rest) this.#hear(rest)
    this.#tell(userId)
  }

  #tell(userId: string): void {
    for (const watcher of this.#watchers.get(userId) ?? []) watcher.tell()
  }

  #tellAll(): void {
    for (const userId of this.#watchers.keys()) this.#tell(userId)
  }
}
