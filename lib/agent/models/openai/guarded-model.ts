import type { Model, ModelRequest, StreamEvent } from '@openai/agents'
import { ModelFault } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { repairOf } from '#lib/agent/models/openai/openai-model.ts'
import type { Cut } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { CALL_GROWS } from '#lib/agent/models/openai/repair/call-grows.ts'
import { toTokenCount } from '#lib/agent/models/openai/repair/token-count.ts'
import { toWellFormedRequest } from '#lib/agent/models/well-formed-request.ts'

/** A tool call as the model asked for it. `arguments` is its text, which may not be JSON. */
export type AskedCall = { callId: string; name: string; arguments: string }

/**
 * The outcome of one call of the model. `isHosted`: it holds calls that the provider has made
 * itself, such as a search of the web.
 */
export type ModelAnswer = { inputTokens: number; outputTokens: number; calls: AskedCall[]; isHosted: boolean }

type Guard = {
  /** The idle timeout: the most milliseconds between two events of the model. */
  idleMs: number
  /**
   * When (ms since 1970) the model's server gave the last sign of life: a comment, or the notice
   * that we wait for it.
   */
  lastSignAt?: () => number
  /** Called with each complete answer before the SDK acts on it. */
  onAnswer: (answer: ModelAnswer) => void
  /**
   * Called if the model failed before its first word. Resolves to the model that is asked instead,
   * for this request and those that follow.
   */
  findFallback?: (error: unknown) => Promise<Model | undefined>
}

/**
 * A model with an idle timeout that keeps its failures out of the SDK's run. If a stream fails, the
 * SDK throws away what was not read yet, which is a whole answer if it came in one burst. So the
 * SDK sees an answer that ends, and the turn looks at `failure` after it has read everything.
 */
export class GuardedModel implements Model {
  /** Why the run has no answer: a ModelFault, what the model threw, or the SDK's own error. */
  failure: unknown
  /** Why the last answer was cut off. */
  cut: Cut | undefined
  #inner: Model
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

  /** Notes why the run ends without an answer. The first reason counts. */
  noteFailure = (error: unknown): void => {
    this.failure ??= error
  }

  getResponse(request: ModelRequest): ReturnType<Model['getResponse']> {
    return this.#inner.getResponse(request)
  }

  async *getStreamedResponse(request: ModelRequest): AsyncGenerator<StreamEvent> {
    for (;;) {
      // What comes before the first word is held back, and forgotten if the model then fails.
      let held: StreamEvent[] | undefined = []
      try {
        for await (const event of this.#guarded(request)) {
          if (held && isEmptyStart(event)) {
            // A server that only keeps the connection alive must not fill the memory.
            if (held.length < HELD_MAX) held.push(event)
            continue
          }
          if (held) yield* held
          held = undefined
          yield event
        }
        yield* held ?? []
        return
      } catch (error) {
        if (request.signal?.aborted) throw error
        const fallback = held && (await this.#guard.findFallback?.(error))
        if (fallback) {
          this.#inner = fallback
          continue
        }
        this.noteFailure(error)
        yield NOTHING_SAID
        return
      }
    }
  }

  async *#guarded(request: ModelRequest): AsyncGenerator<StreamEvent> {
    const leave = new AbortController()
    const signal = request.signal ? AbortSignal.any([request.signal, leave.signal]) : leave.signal
    const events = this.#inner.getStreamedResponse({ ...toWellFormedRequest(request), signal })[Symbol.asyncIterator]()
    try {
      while (true) {
        const next = await withIdleDeadline(events.next(), this.#guard, signal)
        if (next.done) return
        if (next.value.type === 'response_done') this.#note(next.value)
        yield next.value
      }
    } catch (error) {
      // What is below has to know whether it was left or failed.
      leave.abort(error)
      throw error
    } finally {
      leave.abort()
      // Not awaited, because a model that hangs would block here.
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

/** How many events that say nothing are kept for the case that the model answers. */
const HELD_MAX = 100

const STARTS = new Set(['response.created', 'response.in_progress', 'response.queued'])

/** True for an event that says no more than that an answer begins, in either API. */
function isEmptyStart(event: StreamEvent): boolean {
  if (event.type === 'response_started') return true
  if (event.type !== 'model') return false
  const { type, choices } = (event.event ?? {}) as { type?: unknown; choices?: { delta?: Record<string, unknown> }[] }
  if (typeof type === 'string') return STARTS.has(type) || !type.startsWith('response.')
  return Array.isArray(choices) && choices.every(({ delta = {} }) => saysNothing(delta))
}

function saysNothing({ role: _, [CALL_GROWS]: _grows, ...delta }: Record<string, unknown>): boolean {
  return Object.values(delta).every(
    (value) => value == null || value === '' || (Array.isArray(value) && value.length === 0),
  )
}

/** The last event of an empty answer. The SDK sees it instead of a failure. */
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
  const isHosted = output.some(({ type }) => type === 'hosted_tool_call')
  const [inputTokens, outputTokens] = [toTokenCount(usage.inputTokens), toTokenCount(usage.outputTokens)]
  return { inputTokens, outputTokens, calls, isHosted }
}

type SaidPart = { type: string; text?: string; refusal?: string }

/** White space alone is not an answer; a picture or sound is one. */
function isSaid({ text, refusal }: SaidPart): boolean {
  return (text ?? refusal ?? 'other').trim() !== ''
}

/**
 * Resolves as `waited` does. Throws a ModelFault after `idleMs` without a sign of life, or the
 * signal's reason if it aborts first.
 */
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
