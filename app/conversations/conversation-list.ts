'use client'

import {
  askChatKit,
  type Conversation,
  type ConversationChange,
  changeConversation,
  findConversation,
  NOT_LOADED,
  readConversations,
} from './ask-conversations.ts'
import { openChat } from './open-chat.ts'

/** A deletion that can still be undone, until `until` (ms since 1970). */
export type Deletion = { id: string; title: string | null; until: number }

type State = {
  /** Null until they are first loaded. */
  rows: readonly Conversation[] | null
  pinned: readonly Conversation[]
  deletions: readonly Deletion[]
  after: string | null
  isArchive: boolean
  isLoading: boolean
  problem: string
}

const PAGE = 40
/** The most rows that are read again at once; older ones stay as they were loaded. */
const REFRESH_MAX = 100
const OFFER_MS = 10_000
const EMPTY: State = {
  ...{ rows: null, pinned: [], deletions: [], after: null, isArchive: false, isLoading: false, problem: '' },
}

/**
 * The list of one person's conversations in this tab. It outlives the pages that show it, so that
 * it is there at once when the person moves between them.
 */
export class ConversationList {
  #state = EMPTY
  /** Counts reads and changes, so that an older answer never replaces a newer state. */
  #turn = 0
  readonly #listeners = new Set<() => void>()

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
  readonly read = (): State => this.#state

  /** The row of a conversation, if it is loaded. */
  find(id: string): Conversation | undefined {
    const { rows, pinned } = this.#state
    return [...pinned, ...(rows ?? [])].find((row) => row.id === id)
  }

  /** Reads what is shown again. */
  async refresh(): Promise<void> {
    const { rows, isArchive } = this.#state
    const limit = Math.min(Math.max(rows?.length ?? 0, PAGE), REFRESH_MAX)
    await this.#load({ limit, ...(isArchive && { archived: true }) }, (before, data, hasMore) => {
      // What was loaded beyond the rows that were read again.
      const older = hasMore && before.length > limit ? before.slice(limit) : []
      return [...data, ...older]
    })
  }

  /** Reads the next page, if there is one. */
  async loadMore(): Promise<void> {
    const { after, isArchive, isLoading } = this.#state
    if (after === null || isLoading) return
    const asked = { limit: PAGE, after, ...(isArchive && { archived: true as const }) }
    await this.#load(asked, (before, data) => [...before, ...data])
  }

  /** Shows the archive, or the usual list. */
  async showArchive(isArchive: boolean): Promise<void> {
    this.#patch({ rows: null, pinned: [], after: null, isArchive })
    await this.refresh()
  }

  async change(id: string, change: ConversationChange): Promise<void> {
    const isGone = change.is_archived !== undefined && change.is_archived !== this.#state.isArchive
    this.#replace(id, (row) => (isGone ? null : { ...row, ...change }))
    await this.#send(changeConversation(id, change))
  }

  async rename(id: string, title: string): Promise<void> {
    this.#replace(id, (row) => ({ ...row, title }))
    await this.#send(askChatKit('threads.update', { thread_id: id, title }))
    if (openChat.threadId === id) openChat.reread()
  }

  async remove({ id, title }: Pick<Conversation, 'id' | 'title'>): Promise<void> {
    this.#replace(id, () => null)
    const deletion = { id, title, until: Date.now() + OFFER_MS }
    this.#patch({ deletions: [...this.#state.deletions, deletion] })
    const isSent = await this.#send(changeConversation(id, { is_deleted: true }))
    if (!isSent) this.#forget(id)
  }

  async undo(id: string): Promise<boolean> {
    this.#forget(id)
    return this.#send(changeConversation(id, { is_deleted: false }))
  }

  /** Drops the deletions whose time is over. */
  dropOver(): void {
    const deletions = this.#state.deletions.filter(({ until }) => until > Date.now())
    if (deletions.length < this.#state.deletions.length) this.#patch({ deletions })
  }

  /** The conversation's title, also if it is not among the loaded ones. */
  async readTitle(id: string): Promise<string | null> {
    return this.find(id)?.title ?? (await findConversation(id))?.title ?? null
  }

  async #load(
    asked: Parameters<typeof readConversations>[0],
    merge: (before: readonly Conversation[], data: Conversation[], hasMore: boolean) => Conversation[],
  ): Promise<void> {
    this.#turn += 1
    const turn = this.#turn
    this.#patch({ isLoading: true })
    try {
      const page = await readConversations(asked)
      if (turn !== this.#turn) return
      const { rows: before, after: place, deletions } = this.#state
      const rows = [...new Map(merge(before ?? [], page.data, page.has_more).map((row) => [row.id, row])).values()]
      const isFirst = asked.after === undefined
      const reachesFurther = isFirst && rows.length > page.data.length
      this.#patch({
        rows,
        problem: '',
        isLoading: false,
        after: reachesFurther ? place : (page.after ?? null),
        ...(isFirst && {
          pinned: page.pinned,
          deletions: page.undoable.map(({ id, title, left_ms }) => ({
            ...{ id, title, until: deletions.find((known) => known.id === id)?.until ?? Date.now() + left_ms },
          })),
        }),
      })
    } catch {
      if (turn !== this.#turn) return
      this.#patch({ isLoading: false, problem: NOT_LOADED })
    }
  }

  /** Waits for a change and shows what is stored. False if it was refused. */
  async #send(sending: ReturnType<typeof changeConversation>): Promise<boolean> {
    // What was asked for before must not bring the old state back.
    this.#turn += 1
    const sent = await sending
    await this.refresh()
    if (!sent.ok) this.#patch({ problem: sent.message })
    return sent.ok
  }

  #forget(id: string): void {
    this.#patch({ deletions: this.#state.deletions.filter((deletion) => deletion.id !== id) })
  }

  #replace(id: string, change: (row: Conversation) => Conversation | null): void {
    const apply = (rows: readonly Conversation[]) => rows.flatMap((row) => (row.id === id ? (change(row) ?? []) : row))
    const { rows, pinned } = this.#state
    this.#patch({ rows: rows && apply(rows), pinned: apply(pinned) })
  }

  #patch(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of [...this.#listeners]) listener()
  }
}

let shown: { personId: string; list: ConversationList } | undefined

/** The list of this person. Another person's is forgotten. */
export function listOf(personId: string): ConversationList {
  if (shown?.personId !== personId) shown = { personId, list: new ConversationList() }
  return shown.list
}
