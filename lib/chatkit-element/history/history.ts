import type { Api } from '#lib/chatkit/client/api.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'
import type { ThreadHead } from '#lib/chatkit-element/state/view.ts'
import { findMessage, toError } from '#lib/chatkit-element/transport/to-error.ts'

export type ChatEntry = { id: string; title?: string; created_at: string }
type HistoryState = {
  open: boolean
  chats: readonly ChatEntry[]
  after: string | null
  loading: boolean
  loaded: boolean
  failure: string | null
}

const PAGE_SIZE = 30

/** The list of the person's chats, read page by page, newest first. */
export class History {
  readonly state = new Signal<HistoryState>({
    open: false,
    chats: [],
    after: null,
    loading: false,
    loaded: false,
    failure: null,
  })
  readonly #api: Api
  readonly #host: Host
  #request: AbortController | null = null

  constructor(api: Api, host: Host) {
    this.#api = api
    this.#host = host
  }

  show(): void {
    if (this.state.value.open) return
    this.state.patch({ open: true, failure: null })
    this.#host.emit('chatkit.history.open')
    void this.load(true)
  }

  hide(): void {
    if (!this.state.value.open) return
    this.state.patch({ open: false })
    this.#host.emit('chatkit.history.close')
  }

  /** Reads the first page again, or the next one. */
  async load(fromStart: boolean): Promise<void> {
    const { after, loading } = this.state.value
    if (loading || (!fromStart && !after)) return
    const request = new AbortController()
    this.#request = request
    this.state.patch({ loading: true, failure: null })
    try {
      const params = { limit: PAGE_SIZE, order: 'desc', ...(!fromStart && { after }) }
      const page = await this.#api.query<{ data: ChatEntry[]; has_more: boolean; after?: string }>(
        'threads.list',
        params,
        request.signal,
      )
      const before = fromStart ? [] : this.state.value.chats
      const known = new Set(before.map(({ id }) => id))
      const chats = [...before, ...page.data.filter(({ id }) => !known.has(id))]
      this.state.patch({ chats, after: page.has_more ? (page.after ?? null) : null, loaded: true })
    } catch (error) {
      if (!request.signal.aborted) this.state.patch({ failure: this.#sentence(error) })
    } finally {
      this.state.patch({ loading: false })
    }
  }

  find(threadId: string): ChatEntry | undefined {
    return this.state.value.chats.find(({ id }) => id === threadId)
  }

  /** Adds a chat that has just begun to a loaded list. */
  add({ id, title, created_at }: ChatEntry): void {
    const { chats, loaded } = this.state.value
    if (loaded && !this.find(id)) this.state.patch({ chats: [{ id, created_at, ...(title && { title }) }, ...chats] })
  }

  /** Shows a new title at once; it may come from the model or from elsewhere. */
  follow(thread: ThreadHead | null): void {
    const known = thread && this.find(thread.id)
    if (!known || !thread.title || known.title === thread.title) return
    const { chats } = this.state.value
    this.state.patch({ chats: chats.map((chat) => (chat === known ? { ...chat, title: thread.title } : chat)) })
  }

  /** Renames a chat. Throws if the server refuses; the list is then restored. */
  async rename(threadId: string, title: string): Promise<void> {
    const before = this.state.value.chats
    this.state.patch({ chats: before.map((chat) => (chat.id === threadId ? { ...chat, title } : chat)), failure: null })
    await this.#orBack(this.#api.query('threads.update', { thread_id: threadId, title }), before)
  }

  /** Deletes a chat. Throws if the server refuses; the list is then restored. */
  async remove(threadId: string): Promise<void> {
    const before = this.state.value.chats
    this.state.patch({ chats: before.filter(({ id }) => id !== threadId), failure: null })
    await this.#orBack(this.#api.query('threads.delete', { thread_id: threadId }), before)
  }

  close(): void {
    this.#request?.abort()
  }

  async #orBack(request: Promise<unknown>, before: readonly ChatEntry[]): Promise<void> {
    try {
      await request
    } catch (error) {
      this.state.patch({ chats: before, failure: this.#sentence(error) })
      throw error
    }
  }

  #sentence(error: unknown): string {
    this.#host.emit('chatkit.error', { error: toError(error) })
    return findMessage(error) ?? this.#host.strings().failed
  }
}
