import { type Client, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/client'
import {
  isUnfit,
  type QuestionAnswer,
  readServerQuestion,
  type ServerQuestion,
} from '#lib/mcp-client/questions/server-question.ts'

/** What we can do for a server if there is a person to ask. */
export const ASKS = { elicitation: { form: {}, url: {} } }

/** An open call, and how its server asks during it. */
export type AskableCall = {
  ask: (question: ServerQuestion, signal: AbortSignal) => Promise<QuestionAnswer>
  /** Tells the person why they were not asked. */
  note: (sentence: string) => void
}

/**
 * The open calls of one connection, by their traces. Finds the call that a server's request belongs
 * to.
 */
export class AskableCalls {
  readonly #calls = new Map<string, AskableCall>()
  /** Questions at an address that are open, by the server's id for them. */
  readonly #addresses = new Map<string, () => void>()

  /** Takes the questions that the server sends on a connection. `findCall` returns a question's trace. */
  listen(client: Client, findCall: (requestId: string | number) => string | undefined): void {
    client.setRequestHandler('elicitation/create', ({ params }, { mcpReq }) =>
      this.ask(params, findCall(mcpReq.id), mcpReq.signal),
    )
    client.setNotificationHandler('notifications/elicitation/complete', ({ params }) =>
      this.#addresses.get(params.elicitationId)?.(),
    )
  }

  /** Registers a call until it is disposed of. */
  add(trace: string, call: AskableCall): Disposable {
    this.#calls.set(trace, call)
    return { [Symbol.dispose]: () => this.#calls.delete(trace) }
  }

  /**
   * Puts a server's question to the person. `trace` is that of the call on whose stream the question
   * came, or that it ended. Throws a ProtocolError for a question that belongs to no call, or is put to nobody.
   */
  async ask(params: unknown, trace: string | undefined, signal: AbortSignal): Promise<QuestionAnswer> {
    const call = trace === undefined ? this.#only() : this.#calls.get(trace)
    if (!call)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidRequest,
        'Switchboard asks a person only during a call. Send the question on the stream of the call that it belongs to.',
      )
    const question = readServerQuestion(params)
    if (isUnfit(question)) {
      call.note(question.sentence)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, question.reason)
    }
    if (question.mode !== 'url' || question.elicitationId === undefined) return call.ask(question, signal)
    const { elicitationId } = question
    const completed = new AbortController()
    this.#addresses.set(elicitationId, () => completed.abort(COMPLETED))
    try {
      const answer = await call.ask(question, AbortSignal.any([signal, completed.signal]))
      return completed.signal.aborted ? { action: 'accept' } : answer
    } finally {
      this.#addresses.delete(elicitationId)
    }
  }

  /** A request on no call's stream belongs to the only open call, if there is one. */
  #only(): AskableCall | undefined {
    const [first, ...others] = this.#calls.values()
    return others.length === 0 ? first : undefined
  }
}

/** The reason of a signal if the server itself said that the question is settled. */
export const COMPLETED = 'the server said that it is done'
