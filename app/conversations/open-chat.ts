'use client'

/** What the pages around a chat may ask of it: ChatKit's own methods. */
export type ChatHandle = { focus: () => void; reread: () => void; toggleServers: () => void }

/**
 * The chat on the screen, if there is one, for the sidebar, the palette and the shortcuts, which lie
 * outside of it.
 */
class OpenChat {
  threadId: string | null = null
  isAnswering = false
  #handle: ChatHandle | null = null
  readonly #listeners = new Set<() => void>()
  readonly #endListeners = new Set<() => void>()

  get isThere(): boolean {
    return this.#handle !== null
  }

  /** Registers the chat. Returns a function that withdraws it. */
  register(handle: ChatHandle): () => void {
    this.#handle = handle
    return () => {
      if (this.#handle !== handle) return
      this.#handle = null
      this.noteThread(null)
    }
  }

  focus(): void {
    this.#handle?.focus()
  }

  /** Reads the conversation again, because its name is another. */
  reread(): void {
    this.#handle?.reread()
  }

  toggleServers(): void {
    this.#handle?.toggleServers()
  }

  noteThread(threadId: string | null): void {
    // A conversation gets its id while its first answer is being written.
    if (this.threadId !== null && this.threadId !== threadId) this.isAnswering = false
    this.threadId = threadId
    this.#tell()
  }

  noteAnswer(isAnswering: boolean): void {
    const hasEnded = this.isAnswering && !isAnswering
    this.isAnswering = isAnswering
    this.#tell()
    if (hasEnded) for (const listener of [...this.#endListeners]) listener()
  }

  /** Calls `listener` when an answer ends on the screen. Returns an unsubscribe function. */
  subscribeToEnds(listener: () => void): () => void {
    this.#endListeners.add(listener)
    return () => void this.#endListeners.delete(listener)
  }

  /** Calls `listener` when another conversation is opened, or an answer begins or ends. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

export const openChat = new OpenChat()
