import { isDeepStrictEqual } from 'node:util'
import { hashList, hearExpiredLists, noteListChange } from '#lib/mcp-client/lists/list-changes.ts'
import { processState } from '#lib/platform/process-state.ts'

// Bounds of the lifetime that a server sets for its list; FIXED_MS if it sets none.
const SHORTEST_MS = 1_000
const LONGEST_MS = 3_600_000
const FIXED_MS = 300_000

// Two servers may share an address but differ in what they are told about people.
type Listed = { id?: string; url: string }
type Entry<T> = { list: T; until: number; changedAt: number; hash: string }

/** The key under which a server's list for a person is remembered. */
export const listKey = ({ id, url }: Listed, userId: string) => JSON.stringify([id, url, userId])

/**
 * What servers listed for each person, in this process. A list is valid for `ttlMs` (MCP
 * 2026-07-28, caching), at least 1 s and at most an hour, or five minutes if the server does not
 * say. Above `max` lists, the oldest is dropped.
 */
export class RememberedLists<T> {
  readonly #name: string
  readonly #memory: () => Map<string, Entry<T>>
  readonly #max: number

  /** `name` must be unique in the product. */
  constructor(name: string, max: number) {
    this.#name = name
    this.#memory = processState(name, () => new Map<string, Entry<T>>())
    this.#max = max
  }

  /** The list, while it is valid. `stale` also returns an expired list. */
  find(server: Listed, userId: string, { stale = false } = {}): T | undefined {
    const entry = this.#memory().get(listKey(server, userId))
    return entry && (stale || entry.until > Date.now()) ? entry.list : undefined
  }

  /** Remembers a list. It is expired at once if the server announced a change after `askedAt`. */
  remember(
    server: Listed,
    userId: string,
    list: T,
    { ttlMs = FIXED_MS, askedAt = Date.now() }: { ttlMs?: number; askedAt?: number } = {},
  ): void {
    hearExpiredLists(this.#name, (hash) => this.#expireHash(hash))
    const lists = this.#memory()
    const key = listKey(server, userId)
    const before = lists.get(key)
    const changedAt = before?.changedAt ?? 0
    const counts = Math.min(Math.max(ttlMs, SHORTEST_MS), LONGEST_MS)
    lists.delete(key)
    lists.set(key, {
      list,
      until: changedAt >= askedAt ? 0 : Date.now() + counts,
      changedAt,
      hash: before?.hash ?? hashList(key),
    })
    const oldest = lists.size > this.#max ? lists.keys().next().value : undefined
    if (oldest !== undefined) lists.delete(oldest)
    if (!isDeepStrictEqual(before?.list, list)) noteListChange(userId)
  }

  /**
   * Expires a list because the server announced a change. Until the server answers again, the old
   * list is better than none.
   */
  expire(server: Listed, userId: string): void {
    const entry = this.#memory().get(listKey(server, userId))
    if (!entry) return
    expireEntry(entry)
    noteListChange(userId, entry.hash)
  }

  /** Expires a list because its server announced a change to another replica. */
  #expireHash(hash: string): void {
    for (const entry of this.#memory().values()) if (entry.hash === hash) expireEntry(entry)
  }

  /** Forgets a person's list. */
  forget(server: Listed, userId: string): void {
    this.#memory().delete(listKey(server, userId))
  }

  /** Forgets everyone's lists of a server. */
  forgetServer(server: Listed): void {
    const start = JSON.stringify([server.id, server.url]).slice(0, -1)
    for (const key of this.#memory().keys()) if (key.startsWith(start)) this.#memory().delete(key)
  }
}

function expireEntry<T>(entry: Entry<T>): void {
  Object.assign(entry, { until: 0, changedAt: Date.now() })
}
