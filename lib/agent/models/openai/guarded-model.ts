import type { Model, ModelRequest, StreamEvent } from '@openai/agents'
import { ModelFault } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { repairOf } from '#lib/agent/models/openai/openai-model.ts'
import type { Cut } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { toTokenCount } from '#lib/agent/models/openai/repair/token-count.ts'
import { wellFormedRequest } from '#lib/agent/models/well-formed.ts'

/** A tool call as the model asked for it; `arguments` is its text, which may be no JSON. */
export type AskedCall = { callId: string; name: string; arguments: string }

/** What one call of the model came to. */
export type ModelAnswer = { inputTokens: number; outputTokens: number; calls: AskedCall[] }

type Guard = {
  /** Milliseconds between two events of the model after which it counts as silent. */
  idleMs: number
  /** When (ms since 1970) its server gave the last sign of life, a comment or the word that it has to be waited for. */
  lastSignAt?: () => number
  /** Told of each complete answer before the SDK acts on it. */
  onAnswer: (answer: ModelAnswer) => void
}

/**
 * The model with an idle timer, and with its failures beside the run instead of in it: the SDK throws away what was not read yet when a
 * stream fails, which is a whole answer if it came in one burst. So the SDK sees an answer that ends, and the turn looks at `failure`
 * once it has read everything.
 */
export class GuardedModel implements Model {
  /** Why the run has no answer: a ModelFault, what the model threw, or the SDK's word for its end. */
  failure: unknown
  /** Why the last answer ends before its end. */
  cut: Cut | undefined
  readonly #inner: Model
  readonly #guard: Guard
  readonly #unmakeable = new Map<string, string>()

  constructor(inner: Model, guard: Guard) {
    this.#inner = inner
    this.#guard = guard
  }

  /** What the model is told instead of a result of this call; undefined if the call can be made. */
  whyUnmakeable(callId: string): string | undefined {
    return this.#unmakeable.get(callId)
  }

  /** Notes why the run ends without an answer. */
  noteFailure = (error: unknown): void => {
    this.failure ??= error
  }

  getResponse(request: ModelRequest): ReturnType<Model['getResponse']> {
    return this.#inner.getResponse(request)
  }

  async *getStreamedResponse(request: ModelRequest): AsyncGenerator<StreamEvent> {
    try {
      yield* this.#guarded(request)
    } catch (error) {
      if (request.signal?.aborted) throw error
      this.noteFailure(error)
      yield NOTHING_SAID
    }
  }

  async *#guarded(request: ModelRequest): AsyncGenerator<StreamEvent> {
    const leave = new AbortController()
    const signal = request.signal ? AbortSignal.any([request.signal, leave.signal]) : leave.signal
    const events = this.#inner.getStreamedResponse({ ...wellFormedRequest(request), signal })[Symbol.asyncIterator]()
    try {
      while (true) {
        const next = await withIdleDeadline(events.next(), this.#guard, signal)
        if (next.done) return
        if (next.value.type === 'response_done') this.#note(next.value)
        yield next.value
      }
    } finally {
      leave.abort()
      // Not awaited: a model that hangs would hold this up.
      void events.return?.().catch(() => undefined)
    }
  }

  #note(event: Done): void {
    const repair = repairOf(event)
    for (const [callId, sentence] of repair?.unmakeable ?? []) this.#unmakeable.set(callId, sentence)
    this.#guard.onAnswer(answerOf(event))
    this.cut = repair?.cut
  }
}

type Done = Extract<StreamEvent, { type: 'response_done' }>

/** The end of an answer of which the SDK is to know no more. */
const NOTHING_SAID: Done = {
  type: 'response_done',
  response: {
    id: 'none',
    usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
    output: [{ type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: '' }] }],
  },
}

function answerOf({ response: { output, usage } }: Done): ModelAnswer {
  const calls = output.flatMap((item) => {
    return item.type === 'function_call' ? [{ callId: item.callId, name: item.name, arguments: item.arguments }] : []
  })
  const says = output.some((item) => item.type === 'message' && (item.content as SaidPart[]).some(isSaid))
  if (!says && calls.length === 0) throw new ModelFault('model_empty', 'the model gave an empty answer')
  return { inputTokens: toTokenCount(usage.inputTokens), outputTokens: toTokenCount(usage.outputTokens), calls }
}

type SaidPart = { type: string; text?: string; refusal?: string }

/** White space alone is no answer; a picture or sound is one. */
function isSaid({ text, refusal }: SaidPart): boolean {
  return (text ?? refusal ?? 'other').trim() !== ''
}

/** What `waited` resolves to, unless there is no sign of life for `idleMs` or the signal aborts first. */
async function withIdleDeadline<T>(
  waited: Promise<T>,
  { idleMs, lastSignAt = () => 0 }: Pick<Guard, 'idleMs' | 'lastSignAt'>,
  signal: AbortSignal,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const began = Date.now()
  const look = () => {
    const left = Math.max(began, lastSignAt()) + idleMs - Date.now()
    if (left > 0) timer = setTimeout(look, left)
    else reject(new ModelFault('model_silent', `no event of the model for ${idleMs} ms`))
  }
  let timer = setTimeout(look, idleMs)
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([waited, promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    waited.catch(() => undefined)
  }
}
