import { CONTEXT_USAGE, type ContextUsage, type Thread } from '#lib/chatkit/protocol/thread.ts'

/** From this share on, people see how full the context is. */
const SHOWN_FROM = 0.7

/** How much of the model's window the conversation of one turn fills. */
export class ContextFill {
  #limit = 0
  #used = 0

  /** Notes what the first request has at most, and about how much it has (tokens). */
  begin({ used, limit }: ContextUsage): void {
    this.#used = used
    this.#limit = limit
  }

  /** Notes an answer: the next request holds what this one held, and the answer. */
  noteAnswer({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): void {
    // Some servers do not say.
    if (inputTokens > 0) this.#used = inputTokens + outputTokens
  }

  /** Lets clients of the thread know if it matters. The turn's next event announces it. */
  show(thread: Thread): void {
    if (this.#limit === 0) return
    const { [CONTEXT_USAGE]: _, ...metadata } = thread.metadata
    const isShown = this.#used >= this.#limit * SHOWN_FROM
    const usage: ContextUsage = { used: Math.min(this.#used, this.#limit), limit: this.#limit }
    thread.metadata = isShown ? { ...metadata, [CONTEXT_USAGE]: usage } : metadata
  }
}
