import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/client'
import type { AskableCall } from '#lib/mcp-client/questions/askable-calls.ts'
import { type Asking, type AskingCall, ROUNDS_MAX, TOO_MANY } from '#lib/mcp-client/questions/asking.ts'
import type { QuestionAnswer, ServerQuestion } from '#lib/mcp-client/questions/server-question.ts'

/** `toAsking` is called only if the server asks. */
type Parts = { asking: Asking; toAsking: () => AskingCall }

/**
 * A call that is held open while its server asks: at most five times, and with the call's clocks
 * stopped. Disposing of it withdraws its questions.
 */
export class HeldCall implements AskableCall, Disposable {
  readonly #parts: Parts
  readonly #ended = new AbortController()
  readonly #barred = new AbortController()
  #questions = 0
  /** Why the call must not go on, as a sentence. */
  refusal: string | undefined
  /** Stops the call's clocks until it is disposed of. */
  pause: (() => Disposable) | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get hasAsked(): boolean {
    return this.#questions > 0
  }

  /** Aborts if an answer came that may not be sent, because the call is not allowed any more. */
  get barred(): AbortSignal {
    return this.#barred.signal
  }

  async ask(question: ServerQuestion, withdrawn: AbortSignal): Promise<QuestionAnswer> {
    const { asking, toAsking } = this.#parts
    this.#questions += 1
    if (this.#questions > ROUNDS_MAX) throw new ProtocolError(ProtocolErrorCode.InvalidRequest, TOO_MANY)
    using _paused = this.pause?.()
    const answer = await asking.hold(toAsking(), question, AbortSignal.any([withdrawn, this.#ended.signal]))
    if (answer.refused === undefined) return answer
    this.refusal = answer.refused
    this.#barred.abort()
    throw new ProtocolError(ProtocolErrorCode.InvalidRequest, 'Switchboard no longer allows this call.')
  }

  note(sentence: string): void {
    const { asking, toAsking } = this.#parts
    asking.note(toAsking(), sentence)
  }

  [Symbol.dispose](): void {
    this.#ended.abort()
  }
}
