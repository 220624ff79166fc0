const CHANNEL = 'openai-chatkit'

/**
 * The same page in other windows and tabs of this browser. They tell each other which thread has
 * changed, so that a window beside this one shows a running answer at once. Only thread ids are
 * told: each window reads the thread as its own person.
 */
export class OtherWindows {
  #channel: BroadcastChannel | null = null

  /** Calls `onChange` when another window has changed a thread. Returns an unsubscribe function. */
  subscribe(onChange: (threadId: string) => void): () => void {
    if (typeof BroadcastChannel === 'undefined') return () => undefined
    const channel = new BroadcastChannel(CHANNEL)
    channel.onmessage = ({ data }) => {
      if (typeof data?.threadId === 'string') onChange(data.threadId)
    }
    this.#channel = channel
    return () => {
      this.#channel = null
      channel.close()
    }
  }

  tell(threadId: string): void {
    this.#channel?.postMessage({ threadId })
  }
}
